"""The suppression list in memory."""


class InMemorySuppressions:
    """Address hash -> (reason, time)."""

    def __init__(self) -> None:
        """Suppress nobody."""
        self.rows: dict[str, tuple[str, int]] = {}

    def is_suppressed(self, address_hash: str) -> bool:
        """Say whether the address with this hash must not be mailed."""
        return address_hash in self.rows

    def reason(self, address_hash: str) -> str | None:
        """Return why the address is suppressed, or None."""
        return self.rows[address_hash][0] if address_hash in self.rows else None

    def suppress(self, address_hash: str, *, reason: str, at_ms: int) -> None:
        """Add an address; the first reason and time stay."""
        self.rows.setdefault(address_hash, (reason, at_ms))
