"""Stage profiles: people, catalogue, the lake, and the functions that fold, sync and compact."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra.alarms import FIVE_MINUTES, own_metric
from infra.api import Api
from infra.events import EventsData
from infra.function import Functions, batch_power, request_power, stream_power
from infra.grants import allow, allow_key, allow_listing, allow_objects, allow_rows, allow_secret, arn_of, role_of
from infra.lake import deliver_to_lake, describe_lake
from infra.schedule import Run, schedule
from infra.storage import Storage


class ProfilesData(Construct):
    """What the stage keeps."""

    def __init__(self, scope: Construct, storage: Storage) -> None:
        """Make tables, the lake's bucket and the secret subject key."""
        super().__init__(scope, "Profiles")
        self.profiles = storage.table(self, "Profiles", "subject", "part")
        self.items = storage.table(self, "Items", "item_id")
        passing = {"raw/": 30, "failed/": 30, "malformed/": 14}
        rules = [s3.LifecycleRule(prefix=each, expiration=Duration.days(days)) for each, days in passing.items()]
        self.lake = storage.bucket(self, "Lake", *rules, versioned=True)
        self.subject_key = storage.secret(
            self,
            "SubjectKey",
            "Addressee: key of every subject; a new value would orphan all profiles",
            secrets.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            unrotated="Every subject is derived from it: a new key would turn all people into strangers.",
        )


class Profiles(Construct):
    """What the stage runs."""

    def __init__(
        self, scope: Construct, data: ProfilesData, events: EventsData, functions: Functions, api: Api
    ) -> None:
        """Make the three functions with their triggers, and the lake's delivery and Glue table."""
        super().__init__(scope, "Profiles")
        self._data, self._events, self._functions = data, events, functions
        self.delivery = deliver_to_lake(self, data.lake, functions)
        describe_lake(self, data.lake, functions.settings)
        self.update = self._update()
        api.serve(self._sync(), "PUT /v1/items", "PUT /v1/users", "PUT /v1/users/{id}")
        self.compact = self._compact()

    def _update(self) -> awslambda.Function:
        data, events = self._data, self._events
        update = self._functions.make(
            "update_profiles",
            stream_power(self._functions.settings),
            "core",
            "runtime",
            traced=False,
            profiles_table=data.profiles.table_name,
            lake_stream=self.delivery.ref,
            quarantine_bucket=events.quarantine.bucket_name,
            subject_secret=arn_of(data.subject_key),
        )
        allow_rows(update, data.profiles, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        allow(update, ["firehose:PutRecordBatch"], self.delivery.attr_arn)
        allow_objects(update, events.quarantine, "PutObject", below=["records/", "aws/lambda/"])
        allow_listing(update, events.quarantine)
        allow_secret(update, data.subject_key)
        self._read_stream(update)
        self._watch(update)
        return update

    def _read_stream(self, update: awslambda.Function) -> None:
        """Feed the stream to `update`: no retry limit, because what is skipped could never be folded later."""
        stream = self._events.stream
        reads = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
        allow(update, [f"kinesis:{each}" for each in reads], stream.stream_arn)
        allow_key(update, stream.encryption_key)
        mapping = awslambda.CfnEventSourceMapping(
            self,
            "Source",
            function_name=update.function_name,
            event_source_arn=stream.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=500,
            maximum_batching_window_in_seconds=1,
            parallelization_factor=1,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=-1,
            maximum_record_age_in_seconds=Duration.hours(23).to_seconds(),
            destination_config=awslambda.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=awslambda.CfnEventSourceMapping.OnFailureProperty(
                    destination=self._events.quarantine.bucket_arn
                )
            ),
        )
        mapping.node.add_dependency(role_of(update))

    def _watch(self, update: awslambda.Function) -> None:
        self._functions.alarms.add(
            "stream-behind",
            update.metric("IteratorAge", period=FIVE_MINUTES, statistic="Maximum"),
            above=Duration.minutes(15).to_milliseconds(),
            do="Events wait over 15 minutes; after 23 hours they go to the quarantine bucket. Read update_profiles' log"
            " for a fault that repeats, else add shards (setting shard_count).",
        )
        self._functions.alarms.add(
            "quarantined",
            own_metric("quarantined", "update_profiles"),
            above=100,
            do="Over 100 records in 5 minutes were quarantined. Their reasons are the folder names below records/ in"
            " the quarantine bucket; mend the sender, then `addressee redrive`.",
        )

    def _sync(self) -> awslambda.Function:
        data = self._data
        sync = self._functions.make(
            "sync_profiles",
            request_power(self._functions.settings),
            "core",
            "runtime",
            profiles_table=data.profiles.table_name,
            items_table=data.items.table_name,
            subject_secret=arn_of(data.subject_key),
        )
        allow_rows(sync, data.profiles, "BatchGetItem", "GetItem", "UpdateItem")
        allow_rows(sync, data.items, "BatchWriteItem", "UpdateItem")
        allow_secret(sync, data.subject_key)
        return sync

    def _compact(self) -> awslambda.Function:
        settings = self._functions.settings
        compact = self._functions.make(
            "compact_lake",
            batch_power(settings),
            "core",
            "preparing",
            asynchronous=True,
            lake_bucket=self._data.lake.bucket_name,
        )
        allow_listing(compact, self._data.lake)
        allow_objects(compact, self._data.lake, "GetObject", "DeleteObject", below=["raw/"])
        allow_objects(compact, self._data.lake, "GetObject", "PutObject", below=["events/"])
        allow_objects(compact, self._data.lake, "PutObject", below=["malformed/"])
        schedule(
            self,
            "CompactDaily",
            Run(compact.function_arn, "lambda:InvokeFunction"),
            at=settings.compact_schedule,
            time_zone="UTC",
            dead_letters=self._functions.dead_letters,
        )
        return compact
