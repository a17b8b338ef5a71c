"""The one way to make a Lambda function: its role, log, layers, tracing, environment and alarm."""

from typing import Any, NamedTuple

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import FIVE_MINUTES, Alarms
from infra.bundling import ROOT
from infra.image import image_code
from infra.layers import Layers
from infra.logs import log_group
from infra.settings import Settings

NEWEST_RUNTIME = "python3.14"


class Power(NamedTuple):
    """What one invocation may use."""

    memory_mb: int
    timeout: Duration
    disk_mb: int = 512


def request_power(settings: Settings) -> Power:
    """For functions that a caller waits for: shorter than the HTTP API's own limit of 30 s."""
    return Power(settings.request_memory_mb, Duration.seconds(20))


def stream_power(settings: Settings) -> Power:
    """For functions that take batches from a stream."""
    return Power(settings.stream_memory_mb, Duration.minutes(2))


def batch_power(settings: Settings) -> Power:
    """For functions that work through files; DuckDB spills to disk, a few hundred bytes a row (docs/deploying.md)."""
    return Power(settings.batch_memory_mb, Duration.minutes(15), disk_mb=10_240)


class Functions(Construct):
    """The factory of functions and what they share: layers, dead letters, alarms."""

    def __init__(self, scope: Construct, settings: Settings, layers: Layers, alarms: Alarms, key: kms.IKey) -> None:
        """Make the dead-letter queue and note what every function shares."""
        super().__init__(scope, "Functions")
        self.settings, self.alarms = settings, alarms
        self.key, self._layers = key, layers
        self._versions: dict[str, awslambda.LayerVersion] = {}
        self.all: dict[str, awslambda.Function] = {}
        self.dead_letters = _dead_letters(self, alarms)

    def make(
        self,
        name: str,
        power: Power,
        *layers: str,
        asynchronous: bool = False,
        traced: bool = True,
        image: bool = False,
        **environment: str,
    ) -> awslambda.Function:
        """Make function `name` from folder `functions/<name>`; keyword `profiles_table` is variable `PROFILES_TABLE`.

        What queue or stream feeds all day is not `traced`: X-Ray would take a run every second, and whatever a traced
        sender put there, which costs more than the run; its log line tells of each batch.
        An `image` is a container that holds what the layers hold; without it, raises `TooLarge` when the function and
        its layers pass the size gate.
        """
        place = Construct(self, name)
        log = log_group(place, f"/aws/lambda/{self.settings.prefix}-{name}", settings=self.settings, key=self.key)
        role = _role(place)
        log.grant_write(role)
        function = (self._contained if image else self._zipped)(
            place,
            name,
            layers,
            memory_size=power.memory_mb,
            timeout=power.timeout,
            ephemeral_storage_size=Size.mebibytes(power.disk_mb),
            environment={key.upper(): value for key, value in environment.items()},
            role=role,
            log_group=log,
            tracing=awslambda.Tracing.ACTIVE if traced else awslambda.Tracing.DISABLED,
            dead_letter_queue=self.dead_letters if asynchronous else None,
        )
        if traced:
            acknowledge(place, "AwsSolutions-IAM5[Resource::*]", "X-Ray knows no resources to name in xray:Put*.")
        if self.settings.runtime != NEWEST_RUNTIME and not image:
            acknowledge(function, "AwsSolutions-L1", "The deployer chose an older runtime in the setting `runtime`.")
        self._alarm(name, function)
        self.all[name] = function
        return function

    def _zipped(self, place: Construct, name: str, layers: tuple[str, ...], **given: Any) -> awslambda.Function:  # noqa: ANN401  # CDK's own types
        self._layers.function_bytes(name, layers)
        return awslambda.Function(
            place,
            "Function",
            function_name=f"{self.settings.prefix}-{name}",
            runtime=awslambda.Runtime(self.settings.runtime, awslambda.RuntimeFamily.PYTHON),
            architecture=awslambda.Architecture.custom(self.settings.architecture),
            handler="handler.handle",
            code=awslambda.Code.from_asset(
                str(ROOT / "functions" / name), exclude=["__pycache__", "*.pyc", "Dockerfile"]
            ),
            layers=[self._version(each) for each in layers],
            **given,
        )

    def _contained(self, place: Construct, name: str, layers: tuple[str, ...], **given: Any) -> awslambda.Function:  # noqa: ANN401  # CDK's own types
        return awslambda.DockerImageFunction(
            place,
            "Function",
            function_name=f"{self.settings.prefix}-{name}",
            architecture=awslambda.Architecture.custom(self.settings.architecture),
            code=image_code(name, self._layers, layers, self.settings),
            **given,
        )

    def _version(self, name: str) -> awslambda.LayerVersion:
        if name not in self._versions:
            self._versions[name] = awslambda.LayerVersion(
                self,
                f"Layer-{name}",
                description=f"Addressee: {name}",
                code=awslambda.Code.from_asset(str(self._layers.zipped(name))),
            )
        return self._versions[name]

    def _alarm(self, name: str, function: awslambda.Function) -> None:
        self.alarms.add(
            f"{name}-errors",
            function.metric_errors(period=FIVE_MINUTES),
            above=0,
            do=f"{name} raised or timed out. Read its log group /aws/lambda/{self.settings.prefix}-{name} from then"
            " on; the last lines before the error name the cause.",
        )


def _role(place: Construct) -> iam.Role:
    """Make a role that may do nothing yet; CDK adds X-Ray, the stages add the rest."""
    return iam.Role(place, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def _dead_letters(scope: Construct, alarms: Alarms) -> sqs.Queue:
    """Make the queue. Its messages are `{}` or a date, so SQS's own key encrypts it and no sender needs ours."""
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    acknowledge(queue, "AwsSolutions-SQS3", "It is the dead-letter queue of schedules and asynchronous functions.")
    alarms.add(
        "dead-letters",
        queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES),
        above=0,
        do="A scheduled run failed for good. Read the message in the queue (its attributes name the error), mend the"
        " cause, start the run by hand and delete the message.",
    )
    return queue
