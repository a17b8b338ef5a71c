"""Stage models: the bucket of tables, bundles and the champion pointer, and the functions that `Learn` runs."""

import json
from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.bundling import ROOT
from infra.function import Functions, batch_power
from infra.grants import allow_listing, allow_objects, allow_rows
from infra.learn import Learn
from infra.profiles import ProfilesData
from infra.revision import revision
from infra.storage import Storage


class ModelsData(Construct):
    """What the stage keeps."""

    def __init__(self, scope: Construct, storage: Storage) -> None:
        """Make the bucket; training tables can be prepared again, so they go after 30 days."""
        super().__init__(scope, "Models")
        tables = s3.LifecycleRule(prefix="tables/", expiration=Duration.days(30))
        self.models = storage.bucket(self, "Models", tables, versioned=True)


class Learned(NamedTuple):
    """What other stages keep and this one learns from: lake, profiles and catalogue; the lists of campaigns."""

    profiles: ProfilesData
    emails: s3.Bucket


class Models(Construct):
    """What the stage runs."""

    def __init__(
        self,
        scope: Construct,
        data: ModelsData,
        learned: Learned,
        functions: Functions,
        compact: awslambda.Function,
    ) -> None:
        """Make the three functions and `Learn`, which begins with `compact`."""
        super().__init__(scope, "Models")
        self._data, self._profiles, self._emails = data, learned.profiles, learned.emails
        self._functions = functions
        steps = {"compact": compact, "prepare": self._prepare(), "train": self._train(), "score": self._score()}
        self.learn = Learn(self, functions, data.models, steps)

    def _prepare(self) -> awslambda.Function:
        lake, models, settings = self._profiles.lake, self._data.models, self._functions.settings
        prepare = self._functions.make(
            "prepare_features",
            batch_power(settings),
            "core",
            "preparing",
            lake_bucket=lake.bucket_name,
            models_bucket=models.bucket_name,
            emails_bucket=self._emails.bucket_name,
            profiles_table=self._profiles.profiles.table_name,
            items_table=self._profiles.items.table_name,
            fairness_traits=json.dumps(settings.fairness_traits),
            model_traits=json.dumps(settings.model_traits),
            default_time_zone=settings.default_time_zone,
        )
        for bucket in (lake, self._emails):
            allow_listing(prepare, bucket)
        allow_objects(prepare, lake, "GetObject", below=["events/"])
        allow_objects(prepare, self._emails, "GetObject", below=["campaigns/"])
        for table in (self._profiles.profiles, self._profiles.items):
            allow_rows(prepare, table, "Scan")
        allow_objects(prepare, models, "PutObject", below=["tables/"])
        return prepare

    def _train(self) -> awslambda.Function:
        models = self._data.models
        train = self._functions.make(
            "train_models",
            batch_power(self._functions.settings),
            "core",
            "learning",
            image=self._functions.settings.train_models_image,
            models_bucket=models.bucket_name,
            revision=revision(ROOT),
            canary_share=str(self._functions.settings.canary_share),
            fairness_mitigation=self._functions.settings.fairness_mitigation,
            tuning_trials=str(self._functions.settings.tuning_trials),
            tier_high=str(self._functions.settings.tier_high),
            tier_medium=str(self._functions.settings.tier_medium),
        )
        allow_listing(train, models)
        allow_objects(train, models, "GetObject", below=["tables/", "models/"])
        allow_objects(train, models, "PutObject", below=["models/"])
        return train

    def _score(self) -> awslambda.Function:
        lake, models, profiles = self._profiles.lake, self._data.models, self._profiles.profiles
        score = self._functions.make(
            "score_profiles",
            batch_power(self._functions.settings),
            "core",
            "preparing",
            lake_bucket=lake.bucket_name,
            models_bucket=models.bucket_name,
            profiles_table=profiles.table_name,
        )
        allow_listing(score, models)
        allow_objects(score, models, "GetObject", below=["tables/", "models/"])
        allow_objects(score, lake, "PutObject", below=["snapshots/"])
        allow_rows(score, profiles, "BatchWriteItem")
        return score
