"""What every state machine of ours shares: calls that are tried again, Distributed Maps over S3, role, log, alarms."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import FIVE_MINUTES
from infra.function import Functions
from infra.grants import allow, allow_objects
from infra.logs import log_group

CONCURRENCY = 2  # a fresh account runs ten functions at a time; the send-time path needs the rest
# Faults of the Lambda service, not of our code: what our code raises would be raised again.
SERVICE_FAULTS = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
JSONObject = dict[str, Any]


class Reads(NamedTuple):
    """The bucket and prefix from which a machine's Distributed Map reads its items."""

    bucket: s3.Bucket
    prefix: str


def call(function_arn: str, *again: JSONObject) -> JSONObject:
    """Return a task that calls a function; service faults are retried, and what `again` names besides."""
    retry = {"ErrorEquals": SERVICE_FAULTS, "IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2}
    return {"Type": "Task", "Resource": function_arn, "Retry": [retry | {"JitterStrategy": "FULL"}, *again]}


def each_of_array(label: str, bucket: str, key: JSONObject, step: str, task: JSONObject) -> JSONObject:
    """Return a Distributed Map of `task` over a JSON array in S3: an array there outgrows a state's 256 KB."""
    return {
        "Type": "Map",
        "Label": label,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": bucket, **key},
        },
        "MaxConcurrency": CONCURRENCY,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": step,
            "States": {step: task | {"End": True}},
        },
    }


def machine_arn(scope: Construct, name: str, *, resource: str = "stateMachine") -> str:
    """Return the ARN of a machine by its name, so that its functions can know it before it is made."""
    return Stack.of(scope).format_arn(
        service="states", resource=resource, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def make_machine(
    scope: Construct,
    name: str,
    definition: JSONObject,
    role: iam.Role,
    functions: Functions,
) -> stepfunctions.StateMachine:
    """Make the machine called `name`, traced, its events logged without their data."""
    log = log_group(scope, f"/aws/vendedlogs/states/{name}", settings=functions.settings, key=functions.key)
    machine = stepfunctions.StateMachine(
        scope,
        "Machine",
        state_machine_name=name,
        # CDK's own to_json_string drops nulls, and a null ResultPath is what keeps a state's input.
        definition_body=stepfunctions.DefinitionBody.from_string(json.dumps(definition)),
        role=role,
        tracing_enabled=True,
        logs=stepfunctions.LogOptions(destination=log, level=stepfunctions.LogLevel.ALL),
    )
    acknowledge(role, "AwsSolutions-IAM5[Resource::*]", "X-Ray and log delivery know no resources to name.")
    return machine


def machine_role(scope: Construct, name: str, reads: Reads, steps: Iterable[awslambda.Function]) -> iam.Role:
    """Invoke the steps, read what the map reads, run the Distributed Map's own child executions."""
    role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
    allow(role, ["lambda:InvokeFunction"], *(each.function_arn for each in steps))
    allow_objects(role, reads.bucket, "GetObject", below=[reads.prefix])
    allow(role, ["states:StartExecution"], machine_arn(scope, name))
    runs = machine_arn(scope, f"{name}/*", resource="execution")
    allow(role, ["states:DescribeExecution", "states:StopExecution"], runs)
    acknowledge(
        role,
        f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{name}/*]",
        "Child executions get their names when they start.",
    )
    return role


def watch_machine(machine: stepfunctions.StateMachine, word: str, functions: Functions, *, do: str) -> None:
    """Alarm when an execution failed or timed out: `<word>-failed`, `<word>-timed-out`."""
    for name, metric in {
        f"{word}-failed": machine.metric_failed(period=FIVE_MINUTES),
        f"{word}-timed-out": machine.metric_timed_out(period=FIVE_MINUTES),
    }.items():
        functions.alarms.add(name, metric, above=0, do=do)
