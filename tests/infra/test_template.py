"""Facts of the template that would hurt if they were otherwise."""

import json
from typing import Any

import pytest

from tests.infra.conftest import Synthesised
from tests.infra.functions import FUNCTIONS

KINDS_WITH_DATA = (
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::Kinesis::Stream",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
)
OUTPUTS = {
    "ApiUrl", "EventStream", "ProfilesTable", "DecisionsTable", "ItemsTable", "SuppressionsTable", "LakeBucket",
    "ModelsBucket", "QuarantineBucket", "LakeStream", "KeysSecret", "SubjectSecret", "LearnArn", "AlarmTopic",
    "SendsTable", "CampaignsTable", "EmailsBucket", "SendQueue", "FeedbackQueue", "FeedbackTopic", "LinksSecret",
    "PlanArn", "DispatchFunction", "LinksUrl", "ConfigurationSet",
}  # fmt: skip


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(live: Synthesised):
    """The AwsSolutions pack of cdk-nag is clean."""
    assert live.violations == []


def test_tables_are_encrypted_backed_up_and_on_demand(live: Synthesised):
    """Each table uses the customer key and point-in-time recovery."""
    tables = live.of_type("AWS::DynamoDB::Table")
    assert len(tables) == 6
    for table in tables.values():
        assert table["SSESpecification"]["SSEType"] == "KMS"
        assert "KMSMasterKeyId" in table["SSESpecification"]
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["DeletionProtectionEnabled"] is True


def test_the_tables_have_the_keys_of_the_architecture(live: Synthesised):
    """docs/architecture.md, Tables."""
    keys = {
        tuple(each["AttributeName"] for each in table["KeySchema"])
        for table in live.of_type("AWS::DynamoDB::Table").values()
    }
    assert keys == {
        ("subject", "part"), ("subject", "campaign"), ("item_id",), ("address_hash",), ("campaign", "part")
    }  # fmt: skip


def test_buckets_are_encrypted_private_and_log_their_access(live: Synthesised):
    """Only the bucket that receives access logs uses S3's own key: S3 can deliver logs to no other."""
    buckets = live.of_type("AWS::S3::Bucket")
    algorithms = {name: _algorithm(bucket) for name, bucket in buckets.items()}
    assert sorted(algorithms.values()) == ["AES256", "aws:kms", "aws:kms", "aws:kms", "aws:kms"]
    for name, bucket in buckets.items():
        assert all(bucket["PublicAccessBlockConfiguration"].values())
        assert ("LoggingConfiguration" in bucket) is (algorithms[name] == "aws:kms")


def _algorithm(bucket: dict[str, Any]) -> str:
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    return str(rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"])


def test_the_access_log_bucket_takes_logs_by_policy_and_has_no_acl(live: Synthesised):
    """An ACL would need object ownership that AWS advises against."""
    (bucket,) = [each for each in live.of_type("AWS::S3::Bucket").values() if _algorithm(each) == "AES256"]
    assert "AccessControl" not in bucket
    assert "logging.s3.amazonaws.com" in json.dumps(live.of_type("AWS::S3::BucketPolicy"))


def test_buckets_refuse_plain_http(live: Synthesised):
    """Each bucket's policy denies what does not come by TLS."""
    policies = live.of_type("AWS::S3::BucketPolicy")
    assert len(policies) == len(live.of_type("AWS::S3::Bucket"))
    for policy in policies.values():
        denials = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [each["Condition"] for each in denials]


def test_what_is_quarantined_goes_after_14_days(live: Synthesised):
    """The quarantine keeps originals, addresses included: not for long, and in no old version."""
    (bucket,) = [each for name, each in live.of_type("AWS::S3::Bucket").items() if "Quarantine" in name]
    assert 14 in [rule.get("ExpirationInDays") for rule in bucket["LifecycleConfiguration"]["Rules"]]
    assert "VersioningConfiguration" not in bucket


def test_raw_events_and_old_versions_go_after_30_days(live: Synthesised):
    """Erasure ends within 35 days because nothing that was replaced lives longer."""
    (lake,) = [each for name, each in live.of_type("AWS::S3::Bucket").items() if "Lake" in name]
    rules = lake["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}["raw/"] == 30
    assert [
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "NoncurrentVersionExpiration" in rule
    ] == [30]


def test_the_stream_has_one_encrypted_shard(live: Synthesised):
    """The cheapest stream that holds an order: one provisioned shard, customer key."""
    (stream,) = live.of_type("AWS::Kinesis::Stream").values()
    assert (stream["ShardCount"], stream["StreamModeDetails"]["StreamMode"]) == (1, "PROVISIONED")
    assert stream["StreamEncryption"]["EncryptionType"] == "KMS"


def test_the_event_source_never_skips_a_record_before_it_expires(live: Synthesised):
    """Skipping ahead would leave records below the watermark: no retry limit, 23 of 24 hours, then S3."""
    source = live.one("AWS::Lambda::EventSourceMapping", "Profiles")
    assert source["MaximumRetryAttempts"] == -1
    assert source["MaximumRecordAgeInSeconds"] == 23 * 3600
    assert source["BisectBatchOnFunctionError"] is True
    assert source["BatchSize"] == 500
    assert source["MaximumBatchingWindowInSeconds"] >= 1
    assert source["ParallelizationFactor"] == 1
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert "FunctionResponseTypes" not in source
    assert "Quarantine" in json.dumps(source["DestinationConfig"]["OnFailure"]["Destination"])


def test_secrets_are_generated_once_under_the_customer_key(live: Synthesised):
    """A later deployment must not write the API keys, the subject key or the links' keys again."""
    secrets = live.of_type("AWS::SecretsManager::Secret").values()
    assert len(secrets) == 3
    for secret in secrets:
        assert "KmsKeyId" in secret
        assert "SecretString" not in secret
    (subject,) = [each for each in secrets if "SecretStringTemplate" not in each["GenerateSecretString"]]
    assert subject["GenerateSecretString"]["PasswordLength"] == 64


def test_what_holds_data_outlives_its_stack(live: Synthesised):
    """Deleting the stack deletes no table, bucket, stream, key or secret."""
    kept = [each for each in live.resources.values() if each["Type"] in KINDS_WITH_DATA]
    assert kept
    assert {each["DeletionPolicy"] for each in kept} == {"Retain"}
    assert not [each for each in live.app["Resources"].values() if each["Type"] in KINDS_WITH_DATA]


def test_logs_are_encrypted_and_expire(live: Synthesised):
    """No log group lives for ever, none lies open."""
    groups = live.of_type("AWS::Logs::LogGroup").values()
    assert len(groups) == len(FUNCTIONS) + 4
    for group in groups:
        assert group["RetentionInDays"] == 30
        assert "KmsKeyId" in group


def test_rows_land_in_the_lake_by_date_compressed_and_encrypted(live: Synthesised):
    """Firehose writes where compaction reads."""
    (stream,) = live.of_type("AWS::KinesisFirehose::DeliveryStream").values()
    target = stream["ExtendedS3DestinationConfiguration"]
    assert target["Prefix"] == "raw/received_date=!{timestamp:yyyy-MM-dd}/"
    assert target["CompressionFormat"] == "GZIP"
    assert "KMSEncryptionConfig" in target["EncryptionConfiguration"]
    assert stream["DeliveryStreamEncryptionConfigurationInput"]["KeyType"] == "CUSTOMER_MANAGED_CMK"


def test_athena_finds_each_day_without_a_crawler(live: Synthesised):
    """The Glue table projects its partitions from the date."""
    (table,) = live.of_type("AWS::Glue::Table").values()
    parameters = table["TableInput"]["Parameters"]
    assert parameters["projection.enabled"] == "true"
    assert "received_date=${received_date}/" in json.dumps(parameters["storage.location.template"])


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_the_outputs_say_each_name(live: Synthesised, name: str):
    """The command line and the tests read the names from the outputs."""
    assert name in live.app["Outputs"]


def test_no_policy_allows_everything(live: Synthesised):
    """No action ends in a star; the only resources that do are acknowledged: X-Ray, log delivery, quota, prefixes."""
    for name, policy in live.of_type("AWS::IAM::Policy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            assert not [action for action in actions if action.endswith("*")], name
            if statement["Resource"] == "*":
                known = ("xray:", "logs:", "ses:GetAccount")
                assert all(action.startswith(known) for action in actions), (name, actions)


def test_no_role_borrows_a_managed_policy(live: Synthesised):
    """Managed policies grant more than one function needs."""
    assert not [name for name, role in live.of_type("AWS::IAM::Role").items() if role.get("ManagedPolicyArns")]
