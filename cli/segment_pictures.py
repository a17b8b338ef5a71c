"""The pictures of `addressee segments analyse`, as PNG: maps, dendrograms, numbers of segments compared."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram

from addressee.models.tables import Floats, Ints
from cli.segment_analysis import Analysis

COLOURS = ("#2a6f97", "#e07a5f", "#3d9970", "#b5838d", "#e9c46a", "#6d597a", "#90be6d", "#577590", "#f4a261", "#8d99ae")
"""One for each segment; told apart by people who confuse red and green, too, with the marks beside them."""
MARKS = "os^DvPX<>*"
INK, SOFT, GRID = "#1d2b36", "#5c6b78", "#e4e9ed"
LEAVES = 30
_STYLE: Any = {
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": GRID,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
}


def pictures(analysis: Analysis) -> dict[str, bytes]:
    """Draw all pictures: file name -> PNG."""
    drawn: dict[str, Callable[[Axes], None]] = {
        "map.png": lambda axes: _map(axes, analysis),
        "numbers.png": lambda axes: _numbers(axes, analysis),
        "ward.png": lambda axes: _tree(axes, analysis, "ward"),
        "complete.png": lambda axes: _tree(axes, analysis, "complete"),
        "density.png": lambda axes: _density(axes, analysis),
        "neighbours.png": lambda axes: _neighbours(axes, analysis),
    }
    with rc_context(_STYLE):
        return {name: _png(draw) for name, draw in drawn.items()}


def _png(draw: Callable[[Axes], None]) -> bytes:
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure.add_subplot())
    out = BytesIO()
    figure.savefig(out, format="png", dpi=150, metadata={"Software": None})
    return out.getvalue()


def _map(axes: Axes, analysis: Analysis) -> None:
    names = {at: name.replace("_", " ") for at, name in enumerate(analysis.names)}
    _scatter(axes, analysis, analysis.segment, names)
    for at in range(len(analysis.names)):
        if (analysis.segment == at).any():
            middle = _plane(analysis)[analysis.segment == at].mean(axis=0)
            axes.plot(*middle, MARKS[at], color=COLOURS[at], markersize=13, markeredgecolor="white", markeredgewidth=2)
    axes.set_title("People, by segment (K-Means)")


def _density(axes: Axes, analysis: Analysis) -> None:
    group = analysis.density.group
    count, outside = int(group.max(initial=-1)) + 1, float((group < 0).mean())
    largest = np.argsort(-np.bincount(group[group >= 0], minlength=max(count, 1)), kind="stable")[: len(COLOURS)]
    place = {int(each): at for at, each in enumerate(largest)}
    shown = np.array([place.get(int(each), -1) for each in group])
    _scatter(axes, analysis, shown, {at: f"group {at + 1}" for at in range(min(count, len(COLOURS)))})
    groups = "1 group" if count == 1 else f"{count} groups"
    axes.set_title(f"DBSCAN: {groups}, {outside:.0%} of people in none")


def _scatter(axes: Axes, analysis: Analysis, group: Ints, names: Mapping[int, str]) -> None:
    points = _plane(analysis)
    stray = group < 0
    if stray.any():
        axes.scatter(points[stray, 0], points[stray, 1], s=10, c="#c3ccd4", linewidths=0, label="none")
    for at, name in names.items():
        rows = group == at
        axes.scatter(
            points[rows, 0],
            points[rows, 1],
            s=14,
            c=COLOURS[at],
            marker=MARKS[at],
            alpha=0.55,
            linewidths=0,
            label=name,
        )
    axes.set_xlabel("first principal component")
    axes.set_ylabel("second principal component")
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14), "ncols": 2, "markerscale": 1.8, "fontsize": 10}
    axes.legend(**below)


def _plane(analysis: Analysis) -> Floats:
    """Return [n, 2]."""
    points = analysis.points
    return np.column_stack([points, np.zeros((len(points), 2))])[:, :2]


def _numbers(axes: Axes, analysis: Analysis) -> None:
    silhouette, inertia = (
        {int(count): value for count, value in analysis.quality[f"{name}_by_number"].items()}
        for name in ("silhouette", "inertia")
    )
    counts, chosen, elbow = sorted(silhouette), len(analysis.names), analysis.quality["elbow"]
    (first,) = axes.plot(counts, [silhouette[each] for each in counts], "o-", color=COLOURS[0], label="silhouette")
    other = axes.twinx()
    (second,) = other.plot(
        counts, [inertia[each] for each in counts], "s--", color=COLOURS[1], label="mean squared distance"
    )
    other.grid(visible=False)
    other.set_ylim(bottom=0)
    axes.axvline(chosen, color=COLOURS[0], alpha=0.25, linewidth=8)
    axes.set_xticks(counts)
    axes.set_xlabel("number of segments")
    axes.set_ylabel("silhouette (higher: further apart)")
    other.set_ylabel("mean squared distance (elbow)")
    axes.set_title(f"{chosen} segments chosen; the elbow is at {elbow}")
    axes.legend(handles=[first, second], loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)


def _tree(axes: Axes, analysis: Analysis, method: str) -> None:
    tree, count = analysis.trees[method], len(analysis.names)
    heights = np.append(0.0, tree[:, 2])
    cut = float(heights[-count] + heights[1 - count]) / 2 if 1 < count < len(heights) else float(heights[-1])
    dendrogram(
        tree,
        p=LEAVES,
        truncate_mode="lastp",
        color_threshold=cut,
        above_threshold_color=SOFT,
        ax=axes,
        leaf_rotation=90,
        leaf_font_size=9,
        leaf_label_func=lambda node: str(_branch(tree, node)),
    )
    for lines in axes.collections:
        lines.set_linewidth(1.8)
    axes.axhline(cut, color=INK, linestyle=":", linewidth=1)
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("distance at which groups join")
    axes.set_xlabel("people in the branch")
    agreed = analysis.agreement[method]
    axes.set_title(f"{method.capitalize()} linkage: cut into {count}, agreement with K-Means {agreed:.2f}")


def _branch(tree: Floats, node: int) -> int:
    """Return how many people hang on a node of a linkage matrix."""
    people = len(tree) + 1
    return 1 if node < people else int(tree[node - people, 3])


def _neighbours(axes: Axes, analysis: Analysis) -> None:
    density = analysis.density
    axes.plot(density.distances, color=COLOURS[0], linewidth=2)
    axes.axhline(density.eps, color=COLOURS[1], linestyle="--", linewidth=1.5)
    axes.annotate(
        f"eps {density.eps:.2f}",
        (0, density.eps),
        xytext=(4, 6),
        textcoords="offset points",
        color=COLOURS[1],
        fontweight="bold",
    )
    axes.set_xlabel("people, by how lonely they are")
    axes.set_ylabel("distance to the tenth neighbour")
    axes.set_title("Where the distance bends is DBSCAN's eps")
