"""What the emulator's SES does otherwise than AWS's: attributes of identities, and what a mail is authorized as."""

import base64
import json
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.utils import parseaddr
from typing import Any

import ministack.app
from ministack.core.responses import get_account_id, get_region
from ministack.services import ses_v2
from ministack.services.cloudformation import provisioners

from twin.mail_service import OUTBOUND

IDENTITY = "AWS::SES::EmailIdentity"
Answer = Any


def mend_identities() -> None:
    """Give a domain its DKIM records, which templates ask for as attributes."""
    handlers: dict[str, Any] = provisioners._RESOURCE_HANDLERS[IDENTITY]  # noqa: SLF001  # there is no public way

    def with_records(provision: Any) -> Any:  # noqa: ANN401
        def provisioned(*given: Any, **more: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
            identity, attributes = provision(*given, **more)
            return identity, attributes | _dkim_records(identity)

        return provisioned

    handlers |= {verb: with_records(handlers[verb]) for verb in ("create", "update")}


def _dkim_records(domain: str) -> dict[str, str]:
    records: dict[str, str] = {}
    for number, token in enumerate(ses_v2._dkim_tokens(domain), start=1):  # noqa: SLF001  # there is no public way
        records[f"DkimDNSTokenName{number}"] = f"{token}._domainkey.{domain}"
        records[f"DkimDNSTokenValue{number}"] = f"{token}.dkim.amazonses.com"
    return records


def mend_sending_rights() -> None:
    """Authorize a mail as AWS does: on its identity and its configuration set, from its address, raw ones twice.

    The emulator knows no resource for it and no condition key, so that an exact grant would never match.
    """
    enforce = ministack.app._enforce_ses_v2  # noqa: SLF001  # there is no public way

    def enforced(  # noqa: PLR0913, PLR0917  # the emulator's own signature
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        request_id: str,
    ) -> Answer:
        if (method, path.rstrip("/")) != ("POST", OUTBOUND):
            return enforce(method, path, headers, body, query_params, request_id)
        request: Mapping[str, Any] = json.loads(body or b"{}")
        sender = sender_of(request)
        for action, resource in rights(request, sender):
            denied = ministack.app._enforce_data_plane(  # noqa: SLF001  # there is no public way
                "sesv2",
                action,
                headers,
                query_params,
                request_id,
                resource_arn=resource,
                service_context={"ses:FromAddress": sender},
                named_resource=resource,
            )
            if denied:
                return denied
        return None

    ministack.app._enforce_ses_v2 = enforced  # noqa: SLF001  # there is no public way


def sender_of(request: Mapping[str, Any]) -> str:
    """Return the address that a mail comes from, without a name: the request's, else the raw mail's."""
    raw = ((request.get("Content") or {}).get("Raw") or {}).get("Data", "")
    named = request.get("FromEmailAddress") or message_from_bytes(base64.b64decode(raw))["From"] or ""
    return parseaddr(str(named))[1]


def rights(request: Mapping[str, Any], sender: str) -> Iterator[tuple[str, str]]:
    """List the actions and resources that AWS checks for a mail."""
    known = {name.lower() for name in ses_v2._identities}  # noqa: SLF001  # there is no public way
    labels = sender.rpartition("@")[2].lower().split(".")
    names = [sender.lower(), *(".".join(labels[start:]) for start in range(len(labels) - 1))]
    identity = next((name for name in names if name in known), names[min(1, len(names) - 1)])
    resources = [f"identity/{identity}"]
    if request.get("ConfigurationSetName"):
        resources.append(f"configuration-set/{request['ConfigurationSetName']}")
    actions = ["ses:SendEmail", *(["ses:SendRawEmail"] if "Raw" in (request.get("Content") or {}) else [])]
    for resource in resources:
        for action in actions:
            yield action, f"arn:aws:ses:{get_region()}:{get_account_id()}:{resource}"
