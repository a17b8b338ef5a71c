"""An in-memory Secrets Manager: the calls of a botocore client that `adapters/secrets.py` makes."""

from typing import Any


class InMemorySecrets:
    """One text for every secret; `reads` counts."""

    def __init__(self, text: str) -> None:
        """Hold `text`."""
        self.text, self.reads = text, 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803  # botocore's name
        """Return the text."""
        self.reads += 1
        return {"Name": SecretId, "SecretString": self.text}

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> dict[str, Any]:  # noqa: N803  # botocore's names
        """Replace the text."""
        self.text = SecretString
        return {"Name": SecretId}
