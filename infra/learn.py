"""`Learn`: lake -> training tables -> models, a branch per kind -> scores, chunk by chunk."""

from collections.abc import Mapping

from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.function import Functions
from infra.machine import (
    CONCURRENCY,
    JSONObject,
    Reads,
    call,
    each_of_array,
    machine_role,
    make_machine,
    watch_machine,
)
from infra.schedule import Run, learn_times, schedule


class Learn(Construct):
    """The state machine with its role, log, schedules and alarms."""

    def __init__(
        self, scope: Construct, functions: Functions, models: s3.Bucket, steps: Mapping[str, awslambda.Function]
    ) -> None:
        """Make the machine of `steps`: `compact`, `prepare`, `train`, `score`."""
        super().__init__(scope, "Learn")
        settings, name = functions.settings, f"{functions.settings.prefix}-learn"
        role = machine_role(self, name, Reads(models, "tables/"), steps.values())
        definition = learn_definition({step: each.function_arn for step, each in steps.items()}, models.bucket_name)
        self.machine = make_machine(self, name, definition, role, functions)
        watch_machine(
            self.machine,
            "learn",
            functions,
            do="Learn did not finish; decisions go on with the last models and scores. Open the execution in Step"
            " Functions: the red step names the function, its log the cause. Then start Learn again by hand.",
        )
        times = learn_times(settings)
        self._often("LearnOften", functions, at=times.train, given="{}")
        if times.score:
            self._often("ScoreOften", functions, at=times.score, given='{"train":false}')

    def _often(self, name: str, functions: Functions, *, at: str, given: str) -> None:
        schedule(
            self,
            name,
            Run(self.machine.state_machine_arn, "states:StartExecution", given),
            at=at,
            time_zone=functions.settings.learn_time_zone,
            dead_letters=functions.dead_letters,
        )


def learn_definition(steps: Mapping[str, str], models_bucket: str) -> JSONObject:
    """Return the machine in Amazon States Language; `steps` maps each step to its function's ARN."""
    chunks = each_of_array(
        "EachChunk", models_bucket, {"Key.$": "$.manifest.key"}, "ScoreProfiles", call(steps["score"])
    )
    states = {
        "CompactLake": call(steps["compact"]) | {"ResultPath": None, "Next": "PrepareFeatures"},
        "PrepareFeatures": call(steps["prepare"]) | {"Next": "EachKind"},
        "EachKind": _each_kind(steps["train"]) | {"ResultPath": "$.trained", "Next": "EachChunk"},
        "EachChunk": chunks | {"ResultPath": None, "End": True},
    }
    return {"Comment": "docs/architecture.md, Learn", "StartAt": "CompactLake", "States": states}


def _each_kind(train_arn: str) -> JSONObject:
    return {
        "Type": "Map",
        "ItemsPath": "$.kinds",
        "ItemSelector": {"kind.$": "$$.Map.Item.Value", "asOf.$": "$.asOf", "tables.$": "$.tables"},
        "MaxConcurrency": CONCURRENCY,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "TrainModel",
            "States": {"TrainModel": call(train_arn) | {"End": True}},
        },
    }
