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

FAILED = "failed"
NOT_TRAINED = "KindsNotTrained"
CAUSE_CHARACTERS = 4000


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
            do="Where the cause names kinds of models, these raised while they trained and keep their last models; all"
            " others trained, and everybody was scored. Else Learn did not get that far; decisions go on with the last"
            " models and scores. Open the execution in Step Functions: the red step names the function, its log the"
            " cause. Then start Learn again by hand.",
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
        "EachChunk": chunks | {"ResultPath": None, "Next": "EveryKind"},
        **_fail_for_kinds(),
    }
    return {"Comment": "docs/architecture.md, Learn", "StartAt": "CompactLake", "States": states}


def _each_kind(train_arn: str) -> JSONObject:
    """Return the Map over kinds. One that raises ends none of the others: its answer tells of the failure instead."""
    raised = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "NotTrained"}
    return {
        "Type": "Map",
        "ItemsPath": "$.kinds",
        "ItemSelector": {"kind.$": "$$.Map.Item.Value", "asOf.$": "$.asOf", "tables.$": "$.tables"},
        "MaxConcurrency": CONCURRENCY,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "TrainModel",
            "States": {"TrainModel": call(train_arn) | {"Catch": [raised], "End": True}, "NotTrained": _not_trained()},
        },
    }


def _not_trained() -> JSONObject:
    """Answer as `train_models` does. A cause may hold a long trace: all kinds' answers share a state's 256 KB."""
    failure = "$states.input.failure"
    answer = {"kind": "{% $states.input.kind %}", "version": "", "published": False, "state": FAILED, "metrics": {}}
    said = {
        "reason": f"{{% {failure}.Error & ' ended its training' %}}",
        "error": f"{{% {failure}.Error %}}",
        "cause": f"{{% $substring('' & {failure}.Cause, 0, {CAUSE_CHARACTERS}) %}}",
    }
    return {"Type": "Pass", "QueryLanguage": "JSONata", "Output": answer | said, "End": True}


def _fail_for_kinds() -> JSONObject:
    """Let a run whose kinds did not all train fail once people are scored, so that the alarm on failed runs tells."""
    failed = f"$states.input.trained[state = '{FAILED}']"
    met = {"Condition": f"{{% $exists({failed}) %}}", "Next": NOT_TRAINED}
    cause = f"'not trained: ' & $join({failed}.kind, ', ') & '; the others trained, and everybody was scored'"
    return {
        "EveryKind": {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [met], "Default": "Learned"},
        "Learned": {"Type": "Succeed"},
        NOT_TRAINED: {"Type": "Fail", "QueryLanguage": "JSONata", "Error": NOT_TRAINED, "Cause": f"{{% {cause} %}}"},
    }
