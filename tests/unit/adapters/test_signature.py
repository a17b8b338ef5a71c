"""Requests are signed as botocore signs them."""

from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from addressee.adapters.signature import Credentials, Scope, signed

AT = datetime(2026, 1, 31, 23, 59, 58, tzinfo=UTC)
STAMP = AT.strftime("%Y%m%dT%H%M%SZ")
CASES = [
    (
        "POST",
        "dynamodb",
        "/",
        {"content-type": "application/x-amz-json-1.0", "x-amz-target": "T.Query"},
        b'{"a":"\xc3"}',
    ),
    ("GET", "s3", "/models/models/a%20b/%C3%A4%3D~c.bin", {"if-none-match": '"abc"'}, b""),
]


@pytest.mark.parametrize("token", ["", "a token/of+a=role"])
@pytest.mark.parametrize("case", CASES)
def test_a_signature_is_botocores(case, token):
    """For JSON and for S3's paths, with a role's token and without."""
    method, service, path, headers, body = case
    host = f"{service}.eu-central-1.amazonaws.com"
    ours = signed(
        method,
        path,
        {**headers, "host": host},
        body,
        scope=Scope("eu-central-1", service),
        credentials=Credentials("AKID", "secret", token),
        at_seconds=AT.timestamp(),
    )
    theirs = AWSRequest(method, f"https://{host}{path}", headers=headers, data=body)
    theirs.context["timestamp"] = STAMP
    theirs.headers["X-Amz-Date"] = STAMP
    theirs.headers["X-Amz-Content-SHA256"] = ours["x-amz-content-sha256"]
    known = BotocoreCredentials("AKID", "secret", token or None)
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(known, service, "eu-central-1")
    if token:
        theirs.headers["X-Amz-Security-Token"] = token
    canonical = signer.canonical_request(theirs)
    text = signer.string_to_sign(theirs, canonical)
    assert ours["authorization"].rpartition("=")[2] == signer.signature(text, theirs)
    assert ours["authorization"].startswith(
        f"AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-central-1/{service}/aws4_request"
    )
