"""Published templates in S3: every version is kept; `current.json` names the newest by conditional writes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.emails.template import FILES, TEMPLATE_NAME, TEMPLATE_VERSION, InvalidTemplate, Template, open_template

PREFIX = "templates/"
ATTEMPTS = 8


class S3Templates:
    """The templates of one bucket. A version never changes, so what was read once is kept."""

    def __init__(self, bucket: S3Bucket) -> None:
        """Wrap the emails bucket."""
        self._bucket = bucket
        self._kept: dict[tuple[str, str], Template] = {}

    def get(self, name: str, version: str) -> Template:
        """Read a version. Raises `InvalidTemplate` where there is none such, or its files are not those published."""
        if (name, version) not in self._kept:
            if not TEMPLATE_NAME.fullmatch(name) or not TEMPLATE_VERSION.fullmatch(version):
                raise InvalidTemplate(f"{name!r} {version!r} names no version of a template")
            stored = {each: self._bucket.get(_key(name, version, each)) for each in FILES}
            files = {each: found.body for each, found in stored.items() if found is not None}
            self._kept[name, version] = open_template(name, version, files)
        return self._kept[name, version]

    def current_version(self, name: str) -> str | None:
        """Return the version that was published last, or None where nothing of that name was."""
        stored = self._bucket.get(_pointer(name)) if TEMPLATE_NAME.fullmatch(name) else None
        return None if stored is None else str(json.loads(stored.body)["version"])

    def publish(self, files: Mapping[str, bytes], template: Template) -> bool:
        """Store the three files of `template`, then name it current; say whether it was not that already.

        Raises `PreconditionFailed` after `ATTEMPTS` lost races.
        """
        for each in FILES:
            self._bucket.put(_key(template.name, template.version, each), files[each])
        for _ in range(ATTEMPTS - 1):
            with suppress(PreconditionFailed):
                return self._promote(template)
        return self._promote(template)

    def versions(self) -> Iterator[tuple[str, str]]:
        """List (name, version) of everything that is published."""
        found = (key.removeprefix(PREFIX).split("/") for key, _, _ in self._bucket.keys(PREFIX))
        yield from sorted({(parts[0], parts[1]) for parts in found if len(parts) == 3})  # noqa: PLR2004  # name/version/file

    def _promote(self, template: Template) -> bool:
        stored = self._bucket.get(_pointer(template.name))
        body = json.dumps({"version": template.version}).encode()
        if stored is not None and stored.body == body:
            return False
        self._bucket.put_if(_pointer(template.name), body, etag=stored.etag if stored else None)
        return True


def _key(name: str, version: str, file: str) -> str:
    return f"{PREFIX}{name}/{version}/{file}"


def _pointer(name: str) -> str:
    return f"{PREFIX}{name}/current.json"
