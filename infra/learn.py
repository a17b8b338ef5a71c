"""`Learn`: lake -> training tables -> models, a branch per kind -> scores, chunk by chunk."""

import json
from collections.abc import Mapping
from typing import Any

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
from infra.schedule import Run, schedule

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


class Learn(Construct):
    """The state machine with its role, log, schedule and alarm."""

    def __init__(
        self, scope: Construct, functions: Functions, models: s3.Bucket, steps: Mapping[str, awslambda.Function]
    ) -> None:
        """Make the machine of `steps`: `compact`, `prepare`, `train`, `score`."""
        super().__init__(scope, "Learn")
        settings, name = functions.settings, f"{functions.settings.prefix}-learn"
        role = self._role(name, models, steps)
        definition = learn_definition({step: each.function_arn for step, each in steps.items()}, models.bucket_name)
        log = log_group(self, f"/aws/vendedlogs/states/{name}", settings=settings, key=functions.key)
        self.machine = stepfunctions.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            # CDK's own to_json_string drops nulls, and a null ResultPath is what keeps a state's input.
            definition_body=stepfunctions.DefinitionBody.from_string(json.dumps(definition)),
            role=role,
            tracing_enabled=True,
            logs=stepfunctions.LogOptions(destination=log, level=stepfunctions.LogLevel.ALL),
        )
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", "X-Ray and log delivery know no resources to name.")
        self._watch(functions)
        schedule(
            self,
            "LearnOften",
            Run(self.machine.state_machine_arn, "states:StartExecution"),
            at=settings.learn_schedule,
            time_zone=settings.learn_time_zone,
            dead_letters=functions.dead_letters,
        )

    def _role(self, name: str, models: s3.Bucket, steps: Mapping[str, awslambda.Function]) -> iam.Role:
        """Invoke the four functions, read the chunk manifest, run the Distributed Map's own child executions."""
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        allow(role, ["lambda:InvokeFunction"], *(each.function_arn for each in steps.values()))
        allow_objects(role, models, "GetObject", below=["tables/"])
        stack = Stack.of(self)
        machine = stack.format_arn(
            service="states", resource="stateMachine", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        runs = stack.format_arn(
            service="states", resource="execution", resource_name=f"{name}/*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        allow(role, ["states:StartExecution"], machine)
        allow(role, ["states:DescribeExecution", "states:StopExecution"], runs)
        acknowledge(
            role,
            f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{name}/*]",
            "Child executions get their names when they start.",
        )
        return role

    def _watch(self, functions: Functions) -> None:
        for name, metric in {
            "learn-failed": self.machine.metric_failed(period=FIVE_MINUTES),
            "learn-timed-out": self.machine.metric_timed_out(period=FIVE_MINUTES),
        }.items():
            functions.alarms.add(
                name,
                metric,
                above=0,
                do="Learn did not finish; decisions go on with the last models and scores. Open the execution in Step"
                " Functions: the red step names the function, its log the cause. Then start Learn again by hand.",
            )


def learn_definition(steps: Mapping[str, str], models_bucket: str) -> JSONObject:
    """Return the machine in Amazon States Language; `steps` maps each step to its function's ARN."""
    states = {
        "CompactLake": _call(steps["compact"]) | {"ResultPath": None, "Next": "PrepareFeatures"},
        "PrepareFeatures": _call(steps["prepare"]) | {"Next": "EachKind"},
        "EachKind": _each_kind(steps["train"]) | {"ResultPath": "$.trained", "Next": "EachChunk"},
        "EachChunk": _each_chunk(steps["score"], models_bucket) | {"ResultPath": None, "End": True},
    }
    return {"Comment": "docs/architecture.md, Learn", "StartAt": "CompactLake", "States": states}


def _call(function_arn: str) -> JSONObject:
    retry = {"ErrorEquals": SERVICE_FAULTS, "IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2}
    return {"Type": "Task", "Resource": function_arn, "Retry": [retry | {"JitterStrategy": "FULL"}]}


def _each_kind(train_arn: str) -> JSONObject:
    return {
        "Type": "Map",
        "ItemsPath": "$.kinds",
        "ItemSelector": {"kind.$": "$$.Map.Item.Value", "asOf.$": "$.asOf", "tables.$": "$.tables"},
        "MaxConcurrency": CONCURRENCY,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "TrainModel",
            "States": {"TrainModel": _call(train_arn) | {"End": True}},
        },
    }


def _each_chunk(score_arn: str, models_bucket: str) -> JSONObject:
    """Score the objects that the manifest lists; a manifest in S3 outgrows the 256 KB that a state may pass on."""
    return {
        "Type": "Map",
        "Label": "EachChunk",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": models_bucket, "Key.$": "$.manifest.key"},
        },
        "MaxConcurrency": CONCURRENCY,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "ScoreProfiles",
            "States": {"ScoreProfiles": _call(score_arn) | {"End": True}},
        },
    }
