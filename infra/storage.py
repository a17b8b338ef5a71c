"""What holds data, made one way: encrypted with the one customer key, TLS only, retained unless told otherwise."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.key import make_key
from infra.settings import Settings


class Storage(Construct):
    """The customer key, the bucket of access logs, and factories for tables, buckets and secrets."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        """Make the key and the access-log bucket."""
        super().__init__(scope, "Storage")
        self.settings = settings
        self.removal = RemovalPolicy.RETAIN if settings.retain else RemovalPolicy.DESTROY
        self.key = make_key(self, self.removal)
        self.access_logs = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(90))],
            removal_policy=self.removal,
        )
        acknowledge(self.access_logs, "AwsSolutions-S1", "It receives access logs; logging its own would never end.")

    def table(self, scope: Construct, name: str, partition: str, sort: str | None = None) -> dynamodb.Table:
        """Make a table with string keys: on demand, customer key, point-in-time recovery."""
        return dynamodb.Table(
            scope,
            name,
            partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=sort, type=dynamodb.AttributeType.STRING) if sort else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=self.settings.retain,
            removal_policy=self.removal,
        )

    def bucket(self, scope: Construct, name: str, *rules: s3.LifecycleRule, versioned: bool) -> s3.Bucket:
        """Make a bucket; where it is versioned, replaced versions live 30 days, so that erasure ends within 35."""
        abandoned = s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))
        replaced = s3.LifecycleRule(noncurrent_version_expiration=Duration.days(30), expired_object_delete_marker=True)
        bucket = s3.Bucket(
            scope,
            name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=versioned,
            lifecycle_rules=[abandoned, *([replaced] if versioned else []), *rules],
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix=f"{name.lower()}/",
            removal_policy=self.removal,
        )
        Stack.of(self).export_value(bucket.bucket_arn, name=shared_arn(bucket))
        return bucket

    def secret(
        self, scope: Construct, name: str, description: str, generate: secrets.SecretStringGenerator, *, unrotated: str
    ) -> secrets.Secret:
        """Make a secret whose first value is generated, so that no later deployment writes it again.

        `unrotated` says why no schedule rotates it.
        """
        secret = secrets.Secret(
            scope,
            name,
            description=description,
            encryption_key=self.key,
            generate_secret_string=generate,
            removal_policy=self.removal,
        )
        acknowledge(secret, "AwsSolutions-SMG4", unrotated)
        return secret


def shared_arn(bucket: s3.IBucket) -> str:
    """Return the export's name of a bucket's ARN: a name that people can read, in cdk-nag's findings too."""
    return f"{Stack.of(bucket).stack_name}-{bucket.node.id}-Arn"
