"""AWS list prices of us-east-1 as they were looked up on the date below, in USD; free tiers and discounts left out."""

from collections.abc import Mapping

LOOKED_UP = "2026-11-22"
MILLION = 1_000_000
GB = 1_000_000_000

PER_USE: Mapping[str, float] = {
    "dynamodb write unit": 0.625 / MILLION,
    "dynamodb read unit": 0.125 / MILLION,
    "lambda request": 0.20 / MILLION,
    "lambda GB-second, arm64": 0.0000133334,
    "sqs request": 0.40 / MILLION,
    "sns publish": 0.50 / MILLION,
    "kinesis put unit": 0.014 / MILLION,
    "firehose GB": 0.029,
    "s3 write": 5.00 / MILLION,
    "s3 read": 0.40 / MILLION,
    "secret read": 5.00 / MILLION,
    "log GB": 0.50,
    "trace": 5.00 / MILLION,
}
"""SES's own fee ($0.10 per thousand mails, data besides) is not in here: every sender pays it."""

PER_MONTH: Mapping[str, float] = {
    "AWS::KMS::Key": 1.00,
    "AWS::SecretsManager::Secret": 0.40,
    "AWS::CloudWatch::Alarm": 0.10,
    "AWS::CloudWatch::Dashboard": 3.00,
}
SHARD_HOUR = 0.015
HOURS_PER_MONTH = 730
MINUTES_PER_MONTH = 43_800
