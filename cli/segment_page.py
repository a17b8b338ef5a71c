"""The page of `addressee segments analyse`: the table of segments, the pictures, and how to read them."""

from collections.abc import Iterator, Sequence
from html import escape

from cli.segment_analysis import Analysis, Segment

CAPTIONS = {
    "map.png": (
        "Map of people by segment",
        "Everybody of the sample in the plane of the first two principal components. Large marks are the middles.",
    ),
    "numbers.png": (
        "Silhouette and elbow",
        "How far apart segments are (silhouette), and how near people are to their middle, for each number.",
    ),
    "ward.png": (
        "Dendrogram, Ward linkage",
        "Joins the two groups that widen least. The dotted line cuts it into as many groups as there are segments.",
    ),
    "complete.png": (
        "Dendrogram, complete linkage",
        "Joins the two groups whose farthest people are nearest: small, outlying groups stay alone for long.",
    ),
    "density.png": (
        "Groups by density",
        "DBSCAN finds groups only where people lie dense, and leaves others out. One group: people differ by degrees.",
    ),
    "neighbours.png": ("Choice of eps", "Distances to the tenth neighbour, sorted; the bend tells how near is near."),
}
_STYLE = """
:root { color-scheme: light; --ink: #1d2b36; --soft: #5c6b78; --line: #e4e9ed; --tint: #f6f8fa; --mark: #2a6f97; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
.warning { border-left: 4px solid #e07a5f; background: #fdf3f0; padding: .6rem .9rem; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .6rem .75rem .6rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; font-size: .85rem; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td ul { margin: 0; padding-left: 1.1rem; } tbody th { overflow-wrap: anywhere; }
figure { margin: 0; background: var(--tint); border: 1px solid var(--line); border-radius: .6rem; padding: .75rem; }
figure img { width: 100%; height: auto; display: block; border-radius: .35rem; background: #fff; }
figcaption { padding: .6rem .25rem 0; font-size: .9rem; color: var(--soft); }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
@media (max-width: 40rem) {
  thead { display: none; } tbody tr { display: block; border-bottom: 1px solid var(--line); padding: .75rem 0; }
  tbody th, tbody td { display: block; border: 0; padding: .15rem 0; } td.n { text-align: left; }
  td.n::before { content: attr(data-of) ": "; color: var(--soft); }
}
"""


def page(analysis: Analysis, files: Sequence[str], *, seed: int) -> str:
    """Return the page as HTML; `files` are the pictures beside it."""
    return "\n".join(_lines(analysis, files, seed))


def _lines(analysis: Analysis, files: Sequence[str], seed: int) -> Iterator[str]:
    sampled = len(analysis.points)
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Segments as of {escape(analysis.as_of)}</title><style>{_STYLE}</style></head><body><main>"
    yield f"<h1>{len(analysis.names)} segments of {analysis.people:,} people</h1>"
    yield f'<p class="soft">As of {escape(analysis.as_of)}. Segments and sizes are of everybody;'
    if sampled < analysis.people:
        yield f" hierarchies, density and maps are of a random sample of {sampled:,} (seed {seed})."
    yield "</p>"
    for text in analysis.quality["warnings"]:
        yield f'<p class="warning">{escape(text)}</p>'
    yield from _table(analysis.table)
    yield '<h2>Pictures</h2><div class="grid">'
    for name in files:
        title, text = CAPTIONS[name]
        yield f'<figure><img src="{name}" alt="{escape(title)}"><figcaption>{escape(text)}</figcaption></figure>'
    yield "</div><h2>Do other methods agree?</h2>"
    yield '<p class="soft">Adjusted Rand index with K-Means: 1 is the same grouping, 0 is chance.</p><ul>'
    words = {"ward": "Ward linkage", "complete": "complete linkage", "dbscan": "DBSCAN"}
    yield from (f"<li>{words[name]}: {value:.2f}</li>" for name, value in analysis.agreement.items())
    yield "</ul></main></body></html>\n"


def _table(rows: Sequence[Segment]) -> Iterator[str]:
    yield '<h2>Segments</h2><table><thead><tr><th>segment</th><th class="n">people</th><th class="n">share</th>'
    yield '<th class="n">between two</th><th>what sets them apart (SD: standard deviations)</th></tr></thead>'
    yield "<tbody>"
    for row in rows:
        told = "".join(f"<li>{escape(each)}</li>" for each in row.defining)
        yield f'<tr><th scope="row">{escape(row.name)}</th><td class="n" data-of="people">{row.people:,}</td>'
        yield f'<td class="n" data-of="share">{row.share:.1%}</td>'
        yield f'<td class="n" data-of="between two">{row.overlap:.1%}</td><td><ul>{told}</ul></td></tr>'
    yield "</tbody></table>"
