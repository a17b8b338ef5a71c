"""Stage models, afterwards: the function that watches what is served, its schedule and its alarms."""

from typing import NamedTuple

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.alarms import own_metric
from infra.function import Functions, batch_power
from infra.grants import allow, allow_listing, allow_objects, allow_rows
from infra.learn import Learn
from infra.models import ModelsData
from infra.schedule import Run, schedule

NAME = "watch_models"


class Watched(NamedTuple):
    """What is looked at: bundles and tables, the snapshots of scores, the decisions of a canary."""

    models: ModelsData
    lake: s3.Bucket
    decisions: dynamodb.Table


class Watch(Construct):
    """The watch over the served models."""

    def __init__(self, scope: Construct, watched: Watched, functions: Functions, learn: Learn) -> None:
        """Make the function, run it daily, ring when people moved or a canary was rolled back."""
        super().__init__(scope, "Watch")
        self._functions = functions
        self.function = self._make(watched, learn)
        schedule(
            self,
            "WatchDaily",
            Run(self.function.function_arn, "lambda:InvokeFunction"),
            at=functions.settings.watch_schedule,
            time_zone=functions.settings.learn_time_zone,
            dead_letters=functions.dead_letters,
        )
        self._ring()

    def _make(self, watched: Watched, learn: Learn) -> awslambda.Function:
        settings, models, lake = self._functions.settings, watched.models.models, watched.lake
        watch = self._functions.make(
            NAME,
            batch_power(settings),
            "core",
            "preparing",
            asynchronous=True,
            lake_bucket=lake.bucket_name,
            models_bucket=models.bucket_name,
            decisions_table=watched.decisions.table_name,
            learn_machine=learn.machine.state_machine_arn,
            drift_rate=str(settings.drift_rate),
            drift_floor=str(settings.drift_psi),
            drift_retrain_days=str(settings.drift_retrain_days if settings.retrain_on_drift else 0),
            canary_days=str(settings.canary_days),
        )
        for bucket in (lake, models):
            allow_listing(watch, bucket)
        allow_objects(watch, lake, "GetObject", below=["snapshots/"])
        allow_objects(watch, models, "GetObject", below=["tables/", "models/"])
        allow_objects(watch, models, "PutObject", below=["models/watch/", "models/champions.json"])
        allow_rows(watch, watched.decisions, "Scan")
        allow(watch, ["states:StartExecution"], learn.machine.state_machine_arn)
        return watch

    def _ring(self) -> None:
        self._functions.alarms.add(
            "model-drift",
            own_metric("ModelDrift", NAME),
            above=0,
            do="People are no longer those that a model learned from. `addressee models watch` says what moved, from"
            " what to what. First see whether the shop's events are whole; if people did change, drift has started"
            " Learn (setting retrain_on_drift), or do it with `addressee learn`.",
        )
        self._functions.alarms.add(
            "canary-rolled-back",
            own_metric("CanaryRolledBack", NAME),
            above=0,
            do="A new model did worse on its share of people and was taken back; everybody has the champion again."
            " `addressee models watch` says by what; compare its card (`addressee models show`) before the next try.",
        )
