"""The fields of an HTML form or a one-click POST (RFC 8058): form-encoded or multipart."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from addressee.adapters.http import Refused, Request

MAX_FORM_BYTES = 20_000
MAX_FIELDS = 100
_BOUNDARY = re.compile(r'boundary="?([^\s";,]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(rb'^content-disposition:[^\r\n]*[;\s]name="?([^";\r\n]+)', re.IGNORECASE | re.MULTILINE)
Fields = Mapping[str, list[str]]


def read_form(request: Request) -> Fields:
    """Return the body's fields, each with its values; none where the body is no form, damaged or too large."""
    try:
        body = request.body()
    except Refused:
        return {}
    if len(body) > MAX_FORM_BYTES:
        return {}
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        found = _BOUNDARY.search(kind)
        return _parts(body, found[1].encode(errors="replace")) if found else {}
    try:
        return parse_qs(body.decode(errors="replace"), max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}


def _parts(body: bytes, boundary: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for part in body.split(b"--" + boundary, MAX_FIELDS)[1:]:
        head, _, value = part.replace(b"\r\n", b"\n").partition(b"\n\n")
        name = _NAME.search(head)
        if name:
            fields.setdefault(name[1].decode(errors="replace"), []).append(value.decode(errors="replace").strip("\n"))
    return fields
