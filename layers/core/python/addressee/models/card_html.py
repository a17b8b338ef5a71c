"""`card.html`: the card as one page that fetches nothing, for light and dark, wide and narrow."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from addressee.models.card_fairness import MEANING, RATES, gap_rows, group_rows, mitigated_rows
from addressee.models.card_svg import bars_svg, forest_svg, reliability_svg

DRAWN = ("importance", "weights", "correlation with")
MOST_BARS = 12
STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--sheet:#fff;--ink:#18202b;--soft:#4a5565;--rule:#d9dee6;
--mark:#1f5fbf;--good:#17683a}
@media(prefers-color-scheme:dark){:root{--page:#10141a;--sheet:#181e27;--ink:#e9edf3;--soft:#b3bdcb;
--rule:#323c4a;--mark:#8ab4ff;--good:#7bd8a1}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.25rem}header{margin:1rem 0 1.5rem}h1{font-size:1.9rem;
line-height:1.2;margin:0;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:0 0 .6rem}h3{font-size:1rem;margin:1.2rem 0 .4rem}p{margin:.4rem 0}
section{background:var(--sheet);border:1px solid var(--rule);border-radius:.75rem;padding:1.1rem 1.25rem;
margin:0 0 1rem}
.soft{color:var(--soft)}.verdict{color:var(--good);font-weight:600;overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.75rem;margin:1rem 0 0}
.cards div{background:var(--sheet);border:1px solid var(--rule);border-radius:.75rem;padding:.8rem 1rem}
.cards dt{color:var(--soft);font-size:.85rem}.cards dd{margin:0;font-size:1.35rem;font-weight:600;
font-variant-numeric:tabular-nums}
.cards small{display:block;color:var(--soft);font-size:.8rem;font-weight:400}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem;
font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{color:var(--soft);font-weight:600}
.pair{display:grid;grid-template-columns:minmax(0,18rem) minmax(0,1fr);gap:1.25rem;align-items:start}
@media(max-width:42rem){.pair{grid-template-columns:1fr}main{padding:.75rem}section{padding:.9rem}}
svg{max-width:100%;height:auto;display:block}svg.square{width:18rem}svg.wide{width:100%;min-width:30rem}
svg text{fill:currentColor;font-size:12px}.axis{stroke:var(--soft)}.ideal{stroke:var(--soft);
stroke-dasharray:4 4}
.spread{stroke:var(--mark);stroke-width:2}.dot,.bar{fill:var(--mark)}ul{margin:.3rem 0;padding-left:1.2rem}
li{overflow-wrap:anywhere}
""".replace("\n", "")


def card_html(card: Mapping[str, Any]) -> str:
    """Return the page of a card as `card_files` makes it."""
    body = "".join(part for make in _SECTIONS for part in make(card))
    title = f"{card['kind']} of {card['as_of']}"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{_(title)}'
    whole = f"<head>{head}</title><style>{STYLE}</style></head><body><main>{body}</main></body>"
    return f'<!doctype html><html lang="en">{whole}</html>\n'


def _header(card: Mapping[str, Any]) -> Iterator[str]:
    told = card["metrics"][card["decides"]]
    cards = [
        (f"{card['decides']} of the model", told["model"]),
        ("of the baseline", told["rival"]),
        ("difference, paired", told["difference"]),
    ]
    yield f"<header><h1>{_(card['kind'])}</h1><p>Predicts {_(card['predicts'])}. As of {_(card['as_of'])}.</p>"
    yield f'<p class="verdict">{_(card["verdict"])}</p><dl class="cards">'
    for name, figure in cards:
        ends = f"{figure['low']:.4f} to {figure['high']:.4f}"
        yield f"<div><dt>{_(name)}</dt><dd>{figure['value']:.4f} <small>{ends}</small></dd></div>"
    yield "</dl></header>"


def _data(card: Mapping[str, Any]) -> Iterator[str]:
    windows = card["data"]
    yield "<section><h2>Data and split</h2><ul>"
    yield f"<li>Events from {windows['first_day']} to {windows['fitted_until']}: {_(_listed(windows['counts']))}.</li>"
    yield f"<li>Recipe chosen on what followed {windows['validation_after']}: {_(_listed(card['recipe']))}.</li>"
    yield f"<li>Tested once, on what followed {windows['test_after']}: {_(_listed(card['tested']))}.</li>"
    yield f"<li>Served: {_(card['served'])}.</li><li>Revision of the code: {_(card['revision'] or 'unknown')}.</li>"
    yield "</ul></section>"


def _figures(card: Mapping[str, Any]) -> Iterator[str]:
    intervals = "95 % bootstrap intervals over people, paired"
    yield f"<section><h2>Figures</h2><p>Baseline: {_(card['baseline'])}. {intervals}.</p>"
    rows = []
    for metric, sides in card["metrics"].items():
        better = " (lower is better)" if metric in card["lower_is_better"] else ""
        rows.append([metric + better, *(_interval(sides[side]) for side in ("model", "rival", "difference"))])
    yield from _table("Figures", ["metric", "model", "baseline", "difference"], rows)
    yield "</section>"


def _candidates(card: Mapping[str, Any]) -> Iterator[str]:
    if not card["candidates"]:
        return
    names = list(card["candidates"][0]["validation"])
    order = "In the validation window; the plainest first, a later one must surely be better."
    yield f"<section><h2>Candidates</h2><p>{order}</p>"
    rows = []
    for each in card["candidates"]:
        chosen = " (chosen)" if each["recipe"] == card["recipe"] else ""
        figures = [f"{each['validation'][name]:.4f}" for name in names]
        rows.append([(_listed(each["recipe"]) or "baseline") + chosen, *figures])
    yield from _table("Candidates", ["recipe", *names], rows)
    yield "</section>"


def _calibration(card: Mapping[str, Any]) -> Iterator[str]:
    if not card["reliability"]:
        return
    bins = card["reliability"]
    yield f'<section><h2>Calibration in the test</h2><div class="pair"><div>{reliability_svg(bins)}</div><div>'
    rows = [
        [f"{each['predicted']:.3f}", f"{each['actual']:.3f} [{each['low']:.3f}, {each['high']:.3f}]", str(each["rows"])]
        for each in bins
    ]
    yield from _table("Calibration", ["foretold", "happened", "rows"], rows)
    yield "</div></div></section>"


def _slices(card: Mapping[str, Any]) -> Iterator[str]:
    if not card["slices"]:
        return
    yield f"<section><h2>{_(card['decides'])} by group of people</h2>"
    rows = [(f"{each['slice']}: {each['group']} ({each['rows']})", each["difference"]) for each in card["slices"]]
    yield "<p>Drawn: the model less its baseline.</p>"
    yield _drawn(
        "Groups, picture", forest_svg(rows, f"{card['decides']} of each group less its baseline, with intervals")
    )
    cells = [
        [name, *(_interval(each[side]) for side in ("model", "rival", "difference"))]
        for (name, _model), each in zip(rows, card["slices"], strict=True)
    ]
    yield from _table("Groups", ["group (questions)", "model", "baseline", "difference"], cells)
    yield "</section>"


def _fairness(card: Mapping[str, Any]) -> Iterator[str]:
    if not card["fairness"]:
        return
    yield f'<section><h2>Fairness</h2><p class="soft">{_(MEANING)}</p>'
    for trait, told in card["fairness"].items():
        yield f"<h3>{_(trait)}</h3><p>Verdict: {_(told['verdict'])}.</p>"
        if told["groups"]:
            yield from _table(trait, ["group", "people", *RATES.values()], list(group_rows(told)))
        before = ["before the mitigation"] if trait in card["fairness_before"] else []
        yield from _table(f"Gaps of {trait}", ["largest difference", "size", *before], list(gap_rows(card, trait)))
        if told["too_few"]:
            small = ", ".join(f"{name} ({people})" for name, people in told["too_few"].items())
            yield f'<p class="soft">Not compared: {_(small)}.</p>'
    if card["mitigated"]:
        yield f"<h3>What the mitigation ({_(str(card['recipe'].get('mitigate', '')))}) changes</h3>"
        yield from _table("Mitigation", ["metric", "with", "without", "difference"], list(mitigated_rows(card)))
    yield "</section>"


def _details(card: Mapping[str, Any]) -> Iterator[str]:
    for title, values in card["details"].items():
        if title.startswith("candidates") or not values:
            continue
        yield f"<section><h2>{_(titled(title))}</h2>"
        if title.startswith(DRAWN):
            yield _drawn(title, bars_svg(dict(list(values.items())[:MOST_BARS]), title))
        else:
            yield from _table(title, ["", ""], [[str(name), str(value)] for name, value in values.items()])
        yield "</section>"


def _rest(card: Mapping[str, Any]) -> Iterator[str]:
    if card["audit"]:
        yield "<section><h2>What the audit of the tables found</h2>"
        rows = [[each["severity"], each["check"], each["column"], each["said"]] for each in card["audit"]]
        yield from _table("Audit", ["", "check", "column", "found"], rows)
        yield "</section>"
    limits = "".join(f"<li>{_(limit)}</li>" for limit in card["limits"])
    yield f"<section><h2>Limits</h2><ul>{limits}</ul></section>"
    names = card["features"]["names"]
    if names:
        known = f"{len(names)}, hash {card['features']['hash'][:12]}: {', '.join(names)}."
        yield f"<section><h2>Features</h2><p>{_(known)}</p></section>"


_SECTIONS = (_header, _data, _figures, _candidates, _calibration, _slices, _fairness, _details, _rest)


def _table(label: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Give a table that scrolls by itself where the page is narrow, by keyboard too; an empty head is left out."""
    yield f'<div class="scroll" role="region" tabindex="0" aria-label="{_(label)}"><table>'
    if any(head):
        cells = "".join(f'<th scope="col">{_(cell)}</th>' for cell in head)
        yield f"<thead><tr>{cells}</tr></thead>"
    yield "<tbody>"
    yield from (f"<tr>{''.join(f'<td>{_(cell)}</td>' for cell in row)}</tr>" for row in rows)
    yield "</tbody></table></div>"


def _drawn(label: str, picture: str) -> str:
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{_(label)}">{picture}</div>'


def _interval(numbers: Mapping[str, float]) -> str:
    return f"{numbers['value']:.4f} [{numbers['low']:.4f}, {numbers['high']:.4f}]"


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def titled(words: str) -> str:
    """Return a title that begins with a capital; names in it, such as BG/NBD, stay as they are."""
    return words[:1].upper() + words[1:]


def _(words: str) -> str:
    return escape(str(words), quote=True)
