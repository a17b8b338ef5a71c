"""AWS Signature Version 4 of one request, as AWS's "Create a signed AWS API request" describes it."""

from collections.abc import Mapping
from hashlib import sha256
from hmac import digest
from time import gmtime, strftime
from typing import NamedTuple

ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """An access key; `token` is empty where it is no temporary one."""

    key_id: str
    secret: str
    token: str = ""


class Scope(NamedTuple):
    """Where a signature is valid."""

    region: str
    service: str


def signed(  # noqa: PLR0913  # what a signature covers
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    scope: Scope,
    credentials: Credentials,
    at_seconds: float,
) -> dict[str, str]:
    """Return `headers` with date, payload hash, token and `authorization` added.

    Names are in lower case and include `host`; `path` is quoted and has no query. Every header is signed.
    """
    stamp = strftime("%Y%m%dT%H%M%SZ", gmtime(at_seconds))
    hashed = sha256(body).hexdigest()
    whole = {**headers, "x-amz-date": stamp, "x-amz-content-sha256": hashed}
    if credentials.token:
        whole["x-amz-security-token"] = credentials.token
    names = sorted(whole)
    canonical = "".join(f"{name}:{whole[name].strip()}\n" for name in names)
    request = f"{method}\n{path}\n\n{canonical}\n{';'.join(names)}\n{hashed}"
    day = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    text = f"{ALGORITHM}\n{stamp}\n{day}\n{sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret}".encode()
    for part in day.split("/"):
        key = digest(key, part.encode(), "sha256")
    signature = digest(key, text.encode(), "sha256").hex()
    names_signed = ";".join(names)
    whole["authorization"] = (
        f"{ALGORITHM} Credential={credentials.key_id}/{day}, SignedHeaders={names_signed}, Signature={signature}"
    )
    return whole
