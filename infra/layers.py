"""The Lambda layers of a deployment and the size that a function reaches with them."""

from pathlib import Path

from infra.bundling import ROOT, Target, core_layer, third_party_layer, unzipped_bytes

LIMIT_BYTES = 250_000_000


class TooLarge(Exception):
    """A function and its layers would not fit once unpacked."""


class Layers:
    """Zips of the layers for one target."""

    def __init__(self, target: Target) -> None:
        """Choose where the layers will run: on Lambda's arm64, or on this machine's Python."""
        self._target: Target = target

    def zipped(self, name: str) -> Path:
        """Return the zip of layer `name`, built if need be."""
        return core_layer(self._target) if name == "core" else third_party_layer(name, self._target)

    def function_bytes(self, function: str, layers: tuple[str, ...]) -> int:
        """Return what `function` and its layers occupy unpacked. Raises `TooLarge` beyond the gate."""
        own = sum(path.stat().st_size for path in (ROOT / "functions" / function).rglob("*.py"))
        total = own + sum(unzipped_bytes(self.zipped(each)) for each in layers)
        if total > LIMIT_BYTES:
            raise TooLarge(f"{function}: {total / 1e6:.1f} MB with its layers, the gate is {LIMIT_BYTES / 1e6:.0f}")
        return total
