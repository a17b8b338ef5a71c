"""Stage events: the stream, the quarantine, the API keys, and the function that collects."""

import json

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import own_metric
from infra.api import Api
from infra.function import Functions, request_power
from infra.grants import DATA_WRITES, allow, allow_key, allow_objects, allow_secret, arn_of
from infra.storage import Storage

# Segment's routes, and the one-letter forms that browser SDKs use.
COLLECT = ("batch", "track", "identify", "page", "screen", "alias", "group", "b", "t", "i", "p", "s", "a", "g")


class EventsData(Construct):
    """What the stage keeps."""

    def __init__(self, scope: Construct, storage: Storage) -> None:
        """Make stream, quarantine bucket and the secret of API keys."""
        super().__init__(scope, "Events")
        settings = storage.settings
        on_demand = settings.shards == "on-demand"
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_mode=kinesis.StreamMode.ON_DEMAND if on_demand else kinesis.StreamMode.PROVISIONED,
            shard_count=None if on_demand else settings.shard_count,
            retention_period=Duration.hours(24),
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=storage.key,
            removal_policy=storage.removal,
        )
        acknowledge(self.stream, "AwsSolutions-KDS3", "The customer key covers all data, so that one policy decides.")
        self.quarantine = storage.bucket(
            self, "Quarantine", s3.LifecycleRule(expiration=Duration.days(14)), versioned=False
        )
        self.keys = storage.secret(
            self,
            "Keys",
            "Addressee: hashed API keys; written by `addressee keys`",
            secrets.SecretStringGenerator(
                secret_string_template=json.dumps({"keys": []}),
                generate_string_key="unused",
                password_length=8,
                exclude_punctuation=True,
            ),
            unrotated="Keys are made and revoked one by one, by their owner; rotating all would lock every caller out.",
        )


class Events(Construct):
    """What the stage runs."""

    def __init__(self, scope: Construct, data: EventsData, functions: Functions, api: Api) -> None:
        """Make `collect_events`, its routes, and the alarm on refused events."""
        super().__init__(scope, "Events")
        collect = functions.make(
            "collect_events",
            request_power(functions.settings),
            "core",
            "runtime",
            event_stream=data.stream.stream_name,
            quarantine_bucket=data.quarantine.bucket_name,
            keys_secret=arn_of(data.keys),
        )
        allow(collect, ["kinesis:PutRecords"], data.stream.stream_arn)
        allow_key(collect, data.stream.encryption_key, *DATA_WRITES)
        allow_objects(collect, data.quarantine, "PutObject", below=["records/"])
        allow_secret(collect, data.keys)
        api.serve_publicly(
            collect,
            *(f"POST /v1/{word}" for word in COLLECT),
            reason="Browsers post here with a public write key; collect_events checks it (sendBeacon sets no header).",
        )
        functions.alarms.add(
            "refused",
            own_metric("EventsRefused", "collect_events"),
            above=1000,
            do="Over 1,000 events in 5 minutes were refused: a client breaks the Segment spec. Their reasons"
            " are the folder names below records/ in the quarantine bucket; mend the client.",
        )
