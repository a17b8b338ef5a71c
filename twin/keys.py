"""The twin's API keys: one per scope, made at the first deployment and kept in the twin's own folder."""

import json
from typing import Any

from botocore.session import Session

from addressee.adapters.secrets import Secret
from cli.keys import SCOPES, create_in
from twin.process import Twin


def make_keys(twin: Twin, secret_id: str) -> dict[str, str]:
    """Return the keys by scope; those of an earlier deployment into the same twin are kept."""
    file = twin.folder / "keys.json"
    if file.exists():
        kept: dict[str, str] = json.loads(file.read_text())
        return kept
    secret = Secret(secret_id, secrets=twin_client(twin, "secretsmanager"))
    keys = {scope: create_in(secret, scope) for scope in SCOPES}
    file.touch(mode=0o600)
    file.write_text(json.dumps(keys))
    return keys


def twin_client(twin: Twin, service: str) -> Any:  # noqa: ANN401  # botocore has no static types
    """Create a client that talks to this twin, whatever the environment says."""
    values = twin.environment()
    return Session().create_client(
        service,
        region_name=values["AWS_REGION"],
        endpoint_url=values["AWS_ENDPOINT_URL"],
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
        verify=values.get("AWS_CA_BUNDLE", True),
    )
