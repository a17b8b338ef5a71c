"""Permissions, spelled out: exact actions on exact resources, so that each role reads as what its function does."""

from collections.abc import Iterable, Mapping
from typing import cast

from aws_cdk import Fn
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secrets

from infra.acknowledge import acknowledge
from infra.storage import shared_arn

Grantee = awslambda.Function | iam.Role
READS = ("GetItem", "Query", "Scan")
DATA_WRITES = ("kms:GenerateDataKey",)
TABLE_WRITES = (*DATA_WRITES, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")


def allow(
    grantee: Grantee,
    actions: Iterable[str],
    *resources: str,
    conditions: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Let `grantee` do `actions` on `resources` (ARNs), where `conditions` hold."""
    role_of(grantee).add_to_principal_policy(
        iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    )


def allow_rows(grantee: Grantee, table: dynamodb.Table, *operations: str) -> None:
    """Let `grantee` call DynamoDB's `operations` (`Query`, `PutItem`, ...) on one table and its key.

    What a writer needs of the key: DynamoDB Developer Guide, "How DynamoDB uses AWS KMS", Authorizing use of your key.
    """
    allow(grantee, [f"dynamodb:{operation}" for operation in operations], table.table_arn)
    writes = any(not operation.endswith(READS) for operation in operations)
    allow_key(grantee, table.encryption_key, *(TABLE_WRITES if writes else ()))


def allow_index(grantee: Grantee, table: dynamodb.Table, index: str) -> None:
    """Let `grantee` query one index of a table."""
    allow(grantee, ["dynamodb:Query"], f"{table.table_arn}/index/{index}")
    allow_key(grantee, table.encryption_key)


def allow_objects(grantee: Grantee, bucket: s3.Bucket, *operations: str, below: Iterable[str]) -> None:
    """Let `grantee` call S3's object `operations` (`GetObject`, ...) on keys below the prefixes."""
    actions = [f"s3:{operation}" for operation in operations]
    for prefix in below:
        allow(grantee, actions, f"{Fn.import_value(shared_arn(bucket))}/{prefix}*")
        acknowledge(
            role_of(grantee),
            f"AwsSolutions-IAM5[Resource::{shared_arn(bucket)}/{prefix}*]",
            f"Keys below {prefix} are named at run time; the grant ends at this prefix.",
        )
    allow_key(grantee, bucket.encryption_key, *(DATA_WRITES if "PutObject" in operations else ()))


def allow_listing(grantee: Grantee, bucket: s3.Bucket) -> None:
    """Let `grantee` list keys; without it S3 answers 403 instead of 404 where an object is missing."""
    allow(grantee, ["s3:ListBucket"], bucket.bucket_arn)


def allow_secret(grantee: Grantee, secret: secrets.Secret) -> None:
    """Let `grantee` read one secret."""
    allow(grantee, ["secretsmanager:GetSecretValue"], arn_of(secret))
    allow_key(grantee, secret.encryption_key)


def arn_of(secret: secrets.Secret) -> str:
    """Return the secret's ARN by its attribute `Id`: CDK's own `secret_arn` is a `Ref`, a name in some engines."""
    return cast("secrets.CfnSecret", secret.node.default_child).attr_id


def allow_key(grantee: Grantee, key: kms.IKey | None, *writes: str) -> None:
    """Let `grantee` use the customer key for data it may otherwise read; `writes` are what writing takes besides."""
    if key is not None:
        allow(grantee, ["kms:Decrypt", "kms:DescribeKey", *writes], key.key_arn)


def role_of(grantee: Grantee) -> iam.IRole:
    """Return the role that acts for `grantee`; every function of ours is made with one."""
    role = grantee if isinstance(grantee, iam.Role) else grantee.role
    if role is None:
        raise ValueError(f"{grantee.node.path} has no role")
    return role
