"""Pictures of a card as inline SVG: reliability, intervals beside each other, bars. The page's CSS colours them."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

SIDE, EDGE = 260, 34
ROW, LABEL, WIDE = 26, 250, 640
_FEW = 1e-9


def reliability_svg(bins: Sequence[Mapping[str, float]]) -> str:
    """Draw how often it happened over what was foretold, with intervals; the dashed line is perfect."""
    most = max([_FEW, *(max(each["predicted"], each["high"]) for each in bins)])
    inner = SIDE - 2 * EDGE

    def across(value: float) -> str:
        return f"{EDGE + inner * value / most:.1f}"

    def up(value: float) -> str:
        return f"{SIDE - EDGE - inner * value / most:.1f}"

    parts = [
        f'<line class="axis" x1="{across(0)}" y1="{up(0)}" x2="{across(most)}" y2="{up(0)}"/>',
        f'<line class="axis" x1="{across(0)}" y1="{up(0)}" x2="{across(0)}" y2="{up(most)}"/>',
        f'<line class="ideal" x1="{across(0)}" y1="{up(0)}" x2="{across(most)}" y2="{up(most)}"/>',
    ]
    for each in bins:
        place = across(each["predicted"])
        parts.append(f'<line class="spread" x1="{place}" y1="{up(each["low"])}" x2="{place}" y2="{up(each["high"])}"/>')
        parts.append(f'<circle class="dot" cx="{place}" cy="{up(each["actual"])}" r="4"/>')
    parts.append(_text(SIDE / 2, SIDE - 8, "foretold", "middle"))
    parts.append(f'<g transform="rotate(-90 12 {SIDE / 2})">{_text(12, SIDE / 2, "happened", "middle")}</g>')
    parts.append(_text(SIDE - EDGE, SIDE - EDGE + 14, f"{most:.2f}", "middle"))
    label = f"Reliability: {len(bins)} bins, foretold against happened; the table beside it has the figures"
    return _svg(SIDE, SIDE, label, parts, "square")


def forest_svg(rows: Sequence[tuple[str, Mapping[str, float]]], label: str) -> str:
    """Draw each row's value with its interval on one axis, and a line at 0 where the axis holds it."""
    ends = [end for _, told in rows for end in (told["low"], told["high"], told["value"])]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    low, high = min(low, 0.0), max(high, low + _FEW, 0.0 + _FEW)
    span = WIDE - LABEL - 2 * EDGE

    def across(value: float) -> float:
        return round(LABEL + EDGE + span * (value - low) / (high - low), 1)

    parts = [f'<line class="ideal" x1="{across(0)}" y1="4" x2="{across(0)}" y2="{ROW * len(rows) + 4}"/>']
    for place, (name, told) in enumerate(rows):
        middle = ROW * place + ROW / 2 + 4
        parts.append(_text(LABEL, middle + 4, name, "end"))
        ends_of = f'x1="{across(told["low"])}" y1="{middle}" x2="{across(told["high"])}" y2="{middle}"'
        parts.append(f'<line class="spread" {ends_of}/>')
        parts.append(f'<circle class="dot" cx="{across(told["value"])}" cy="{middle}" r="4.5"/>')
    foot = ROW * len(rows) + 22
    parts += [_text(across(end), foot, f"{end:.3g}", "middle") for end in (low, high)]
    return _svg(WIDE, foot + 8, label, parts, "wide")


def bars_svg(values: Mapping[str, Any], label: str) -> str:
    """Draw a bar for each number, to the left where it is negative."""
    rows = [(name, float(value)) for name, value in values.items()]
    most = max([_FEW, *(abs(value) for _, value in rows)])
    negative = any(value < 0 for _, value in rows)
    span = WIDE - LABEL - 2 * EDGE - 40
    zero = LABEL + EDGE + (span / 2 if negative else 0)
    scale = span / 2 if negative else span
    parts = []
    for place, (name, value) in enumerate(rows):
        top, length = ROW * place + 6, max(scale * abs(value) / most, 1.0)
        start = zero - length if value < 0 else zero
        parts.append(_text(LABEL, top + 13, name, "end"))
        parts.append(f'<rect class="bar" x="{start:.1f}" y="{top}" width="{length:.1f}" height="{ROW - 10}" rx="2"/>')
        parts.append(_text(WIDE - 4, top + 13, f"{value:.4g}", "end"))
    return _svg(WIDE, ROW * len(rows) + 10, label, parts, "wide")


def _svg(width: float, height: float, label: str, parts: Sequence[str], name: str) -> str:
    box = f'viewBox="0 0 {width:g} {height:g}"'
    return f'<svg class="{name}" role="img" aria-label="{escape(label, quote=True)}" {box}>{"".join(parts)}</svg>'


def _text(across: float, down: float, words: str, anchor: str) -> str:
    return f'<text x="{across:g}" y="{down:g}" text-anchor="{anchor}">{escape(words)}</text>'
