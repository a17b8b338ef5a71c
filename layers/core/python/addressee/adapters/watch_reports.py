"""Reports of `watch_models` in the Models bucket: `models/watch/YYYY-MM-DD.json`, the day on which it watched."""

import json
from typing import Any

from addressee.adapters.s3 import S3Bucket

PREFIX = "models/watch/"
_END = ".json"


def put_report(models: S3Bucket, day: str, report: dict[str, Any]) -> str:
    """Write the report of a day, replacing an earlier one of the same day; return its key."""
    key = f"{PREFIX}{day}{_END}"
    body = json.dumps({"day": day, **report}, indent=1, ensure_ascii=False)
    models.put(key, body.encode(), content_type="application/json")
    return key


def newest_report(models: S3Bucket) -> dict[str, Any]:
    """Read the latest report; empty where nobody watched yet."""
    keys = [key for key, _, _ in models.keys(PREFIX) if key.endswith(_END)]
    stored = models.get(max(keys)) if keys else None
    return dict(json.loads(stored.body)) if stored else {}
