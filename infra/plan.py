"""`Plan`: a campaign's audience -> a row per recipient, segment by segment; what fails for good is marked as failed."""

from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.function import Functions
from infra.machine import JSONObject, Reads, call, each_of_array, machine_role, make_machine, watch_machine

# Rows and slots are written once however often a chunk runs, so whatever broke it may be tried again.
AGAIN = {
    "ErrorEquals": ["States.TaskFailed", "States.Timeout"],
    "IntervalSeconds": 10,
    "MaxAttempts": 3,
    "BackoffRate": 3,
    "JitterStrategy": "FULL",
}


class Plan(Construct):
    """The state machine with its role, log and alarm; `plan_campaign` starts it and is its only step."""

    def __init__(self, scope: Construct, functions: Functions, emails: s3.Bucket, plan: awslambda.Function) -> None:
        """Make the machine over the chunks that `plan` writes into bucket `emails`."""
        super().__init__(scope, "Plan")
        name = plan_name(functions)
        role = machine_role(self, name, Reads(emails, "campaigns/"), [plan])
        definition = plan_definition(plan.function_arn, emails.bucket_name)
        self.machine = make_machine(self, name, definition, role, functions)
        watch_machine(
            self.machine,
            "plan",
            functions,
            do="A campaign could not be planned whole: its status says `failed`, and who has a row gets the mail. Open"
            " the execution in Step Functions, read plan_campaign's log, mend the cause, then start Plan anew with the"
            " same input: rows that are there stay as they are.",
        )


def plan_name(functions: Functions) -> str:
    """Return the machine's name, which its own step needs before the machine is made."""
    return f"{functions.settings.prefix}-plan"


def plan_definition(plan_arn: str, emails_bucket: str) -> JSONObject:
    """Return the machine in Amazon States Language; its input is `{"step": "list", "campaign": ...}`."""
    failed = {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Failed"}]}
    key = {"Key.$": "States.Format('campaigns/{}/chunks.json', $.campaign)"}
    chunks = each_of_array("PlanChunks", emails_bucket, key, "PlanChunk", call(plan_arn, AGAIN))
    item = {"step": "chunk"} | {f"{name}.$": f"$$.Map.Item.Value.{name}" for name in ("campaign", "segment", "of")}
    states = {
        "ListAudience": call(plan_arn, AGAIN) | failed | {"ResultPath": None, "Next": "EachChunk"},
        "EachChunk": chunks | failed | {"ItemSelector": item, "ResultPath": None, "Next": "Planned"},
        "Planned": call(plan_arn, AGAIN) | failed | {"Parameters": _input("planned"), "End": True},
        "Failed": call(plan_arn, AGAIN) | {"Parameters": _input("failed"), "ResultPath": None, "Next": "NotPlanned"},
        "NotPlanned": {"Type": "Fail", "Error": "NotPlanned", "Cause": "See the execution's first red state."},
    }
    return {"Comment": "docs/architecture.md, Plan", "StartAt": "ListAudience", "States": states}


def _input(step: str) -> JSONObject:
    return {"step": step, "campaign.$": "$.campaign"}
