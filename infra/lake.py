"""The lake's way in (Firehose) and the table that analysts query (Glue, Athena)."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.alarms import FIVE_MINUTES
from infra.function import Functions
from infra.grants import allow, allow_listing, allow_objects
from infra.logs import log_group
from infra.settings import Settings

# A lake row as docs/architecture.md describes it; the Parquet files hold the same names.
COLUMNS = {
    "message_id": "string",
    "subject": "string",
    "anonymous_subject": "string",
    "kind": "string",
    "name": "string",
    "event_time_ms": "bigint",
    "received_at_ms": "bigint",
    "order_id": "string",
    "amount_minor_units": "bigint",
    "currency": "string",
    "lines": "array<struct<item_id:string,category:string,quantity:bigint,amount_minor_units:bigint>>",
    "send_id": "string",
    "campaign": "string",
    "label": "string",
    "device": "string",
    "locale": "string",
    "time_zone": "string",
}


def deliver_to_lake(scope: Construct, lake: s3.Bucket, functions: Functions) -> firehose.CfnDeliveryStream:
    """Land rows below `raw/`, gzipped, by the date they were received."""
    place = Construct(scope, "Delivery")
    role = iam.Role(place, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
    allow_objects(role, lake, "AbortMultipartUpload", "GetObject", "PutObject", below=["raw/", "failed/"])
    allow(role, ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], lake.bucket_arn)
    allow_listing(role, lake)
    name = f"{functions.settings.prefix}-lake"
    log = log_group(place, f"/aws/kinesisfirehose/{name}", settings=functions.settings, key=functions.key)
    log_stream = log.add_stream("Failures", log_stream_name="failures")
    log.grant_write(role)
    stream = firehose.CfnDeliveryStream(
        place,
        "Stream",
        delivery_stream_name=name,
        delivery_stream_type="DirectPut",
        delivery_stream_encryption_configuration_input=_encryption(functions.key),
        extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=lake.bucket_arn,
            role_arn=role.role_arn,
            prefix="raw/received_date=!{timestamp:yyyy-MM-dd}/",
            error_output_prefix="failed/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/",
            compression_format="GZIP",
            buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(interval_in_seconds=300, size_in_m_bs=64),
            encryption_configuration=firehose.CfnDeliveryStream.EncryptionConfigurationProperty(
                kms_encryption_config=firehose.CfnDeliveryStream.KMSEncryptionConfigProperty(
                    awskms_key_arn=functions.key.key_arn
                )
            ),
            cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                enabled=True, log_group_name=log.log_group_name, log_stream_name=log_stream.log_stream_name
            ),
        ),
    )
    stream.node.add_dependency(role)
    _watch(stream, functions)
    return stream


def describe_lake(scope: Construct, lake: s3.Bucket, settings: Settings) -> None:
    """Let Athena read the compacted events; days need no crawler, they are projected from the date."""
    place = Construct(scope, "Catalogue")
    name = settings.prefix.replace("-", "_")
    database = glue.CfnDatabase(
        place,
        "Database",
        catalog_id=Aws.ACCOUNT_ID,
        database_input=glue.CfnDatabase.DatabaseInputProperty(name=name, description="Addressee's event lake"),
    )
    table = glue.CfnTable(
        place, "Events", catalog_id=Aws.ACCOUNT_ID, database_name=name, table_input=_events_table(lake)
    )
    table.node.add_dependency(database)


def _events_table(lake: s3.Bucket) -> glue.CfnTable.TableInputProperty:
    location = f"s3://{lake.bucket_name}/events/"
    return glue.CfnTable.TableInputProperty(
        name="events",
        description="Pseudonymous events, one file a day, deduplicated",
        table_type="EXTERNAL_TABLE",
        partition_keys=[glue.CfnTable.ColumnProperty(name="received_date", type="date")],
        parameters={
            "classification": "parquet",
            "projection.enabled": "true",
            "projection.received_date.type": "date",
            "projection.received_date.format": "yyyy-MM-dd",
            "projection.received_date.range": "2015-01-01,NOW",
            "storage.location.template": location + "received_date=${received_date}/",
        },
        storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
            columns=[glue.CfnTable.ColumnProperty(name=name, type=kind) for name, kind in COLUMNS.items()],
            location=location,
            input_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            output_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            serde_info=glue.CfnTable.SerdeInfoProperty(
                serialization_library="org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
            ),
        ),
    )


def _encryption(key: kms.IKey) -> firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty:
    return firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
        key_type="CUSTOMER_MANAGED_CMK", key_arn=key.key_arn
    )


def _watch(stream: firehose.CfnDeliveryStream, functions: Functions) -> None:
    freshness = cloudwatch.Metric(
        namespace="AWS/Firehose",
        metric_name="DeliveryToS3.DataFreshness",
        dimensions_map={"DeliveryStreamName": stream.ref},
        statistic="Maximum",
        period=FIVE_MINUTES,
    )
    functions.alarms.add(
        "lake-behind",
        freshness,
        above=Duration.minutes(20).to_seconds(),
        do="Events wait over 20 minutes on their way into the lake. Read the log group /aws/kinesisfirehose/"
        f"{functions.settings.prefix}-lake: most often a missing permission on bucket or key.",
    )
