"""The one interface of all model kinds: fit, predict for many, be examined, against a floor. `docs/models.md` explains.

A kind is one file in `kinds/`, listed in `kinds.KINDS`. What it fits is packed arrays (`serving.bin`), which scoring
and serving both read, so that they cannot differ.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from addressee.models.bundle import SERVING_FILE, Bundle
from addressee.models.mails import Mails, mails_until, no_mails
from addressee.models.packed import pack, unpack
from addressee.models.ranking import Scored, Sections
from addressee.models.tables import Flags, Floats, Indices, Interactions, Items, Tables

Role = Literal["recommender", "scorer", "valuer", "segmenter", "timer"]
"""What the answers are: products, a probability, an amount in minor units, a segment's name, hours of the week."""
Recipe = Mapping[str, Any]
"""What is chosen before fitting (hyper-parameters), as JSON holds it; recorded in the bundle."""


@dataclass(frozen=True)
class Audience:
    """n people at the end of `day`: `features` [n, F]; `interactions.subject` counts from 0 to n - 1.

    `interactions` holds nothing that was not known at the end of `day`; its `item` indexes `items`. `mails` are those
    whose outcome was known then, numbered like `interactions`. `group` are people's declared groups where fairness asks
    for them (`fairness.joint_groups`), else nothing.
    """

    size: int
    day: int
    features: Floats
    interactions: Interactions
    items: Items
    mails: Mails = field(default_factory=no_mails)
    group: Sequence[str] = ()


@dataclass(frozen=True)
class Answers:
    """Predictions for an audience, in its order; the kind's role says which one is filled.

    `scores` are a scorer's probabilities or a valuer's amounts. `hours` are a timer's: local hours of the week, 0 being
    Monday from 0 to 1 o'clock, 168 + 18 being 18 o'clock of any day, best first; none where the default is as good.
    `positive` tells which of a scorer's probabilities count as a yes, from the threshold on that it tuned.
    """

    candidates: Sequence[Sequence[Scored]] = ()
    scores: Floats = field(default_factory=lambda: np.empty(0))
    segments: Sequence[str] = ()
    hours: Sequence[Sequence[int]] = ()
    positive: Flags = field(default_factory=lambda: np.empty(0, np.bool_))


@dataclass(frozen=True)
class Exam:
    """A question with its answers: the audience at a cut-off, and what each of its people did afterwards.

    `truth` is [n] (a label, an amount); recommenders have `relevant` instead: the ids of the products to be found.
    `person` is [n]: a person may be asked at several cut-offs, intervals are over persons.
    `groups` name slices that the card reports apart, such as `exposed`: a label for each of the n rows, empty where it
    is not known. `newcomers` are people of whom a recommender could know nothing: they take no part in the figures that
    decide, and are one more slice.
    """

    audience: Audience
    truth: Floats
    person: Indices
    relevant: Sequence[frozenset[str]] = ()
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    newcomers: "Exam | None" = field(default=None, kw_only=True)


REASONS = 5


class Reason(NamedTuple):
    """What moved an answer: a feature's name, an item id, a level; and by how much.

    A scorer's contributions are SHAP values in log-odds, a valuer's in its own unit; a recommender's are parts of the
    first product's score; a segmenter's are distances in standard deviations; a timer's are weights.
    """

    name: str
    contribution: float


class Metric(NamedTuple):
    """A figure over people: `of(truth[rows], marks[rows])`, where `marks` is what `Kind.marks` returns.

    `drawn(truth, marks, times)` gives the same for many draws at once: `times` [draws, n] tells how often each row was
    drawn. It is optional; the intervals come sooner with it.
    """

    name: str
    of: Callable[[Floats, Floats], float]
    lower_is_better: bool = False
    drawn: Callable[[Floats, Floats, Floats], Floats] | None = None


class Window(NamedTuple):
    """Cut-off days `first` to `last` at which a model must answer; it is fitted on what was known at `first`."""

    first: int
    last: int


class Cuts(NamedTuple):
    """Validation (to choose a recipe) and test (to judge it, once); no label reaches from one into the other."""

    validation: Window
    test: Window


@dataclass(frozen=True)
class Fitted:
    """A fitted model: the recipe, what serving needs besides (`settings`), and the arrays of `serving.bin`.

    `family` says how it is served: a key of `serving.FAMILIES`.
    """

    recipe: Recipe
    settings: Mapping[str, Any]
    sections: Sections
    family: str

    def served(self) -> "Fitted":
        """Return the model as it is after a trip through `serving.bin`."""
        return Fitted(self.recipe, self.settings, unpack(pack(self.sections)), self.family)


class Kind(Protocol):
    """One kind of model. `metrics[0]` decides (higher is better), the others are reported."""

    @property
    def name(self) -> str:
        """The name: in paths, routes and `kinds.KINDS`."""
        ...

    @property
    def role(self) -> Role:
        """What the answers are."""
        ...

    @property
    def families(self) -> Sequence[str]:
        """How what it fits can be served: keys of `serving.FAMILIES`. A champion of another family is not compared."""
        ...

    @property
    def uses_features(self) -> bool:
        """Whether a bundle is bound to the declared features and their hash."""
        ...

    @property
    def title(self) -> str:
        """What is predicted, for the card."""
        ...

    @property
    def floor_title(self) -> str:
        """What the floor is, for the card."""
        ...

    @property
    def limits(self) -> Sequence[str]:
        """What the model cannot do, for the card."""
        ...

    @property
    def metrics(self) -> Sequence[Metric]:
        """The figures of the card; the first one decides."""
        ...

    def recipes(self) -> Sequence[Recipe]:
        """Return the candidates, the preferred (most interpretable, plainest) first."""
        ...

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return the cut-offs of validation and test, or None where the tables hold too little for an honest one."""
        ...

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Return the exam of the cut-offs in the window."""
        ...

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:
        """Fit on what was known at the end of day `until`, labels included; the same input gives the same bytes."""
        ...

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:
        """Answer for everybody at once; at most `k` products each. Equals serving one by one."""
        ...

    def marks(self, exam: Exam, answers: Answers) -> Floats:
        """Return what the metrics read, one row per person."""
        ...

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:
        """Return the marks of the baseline that a model must beat, fitted on the same days."""
        ...

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Tell for each person what moved the answer, the strongest first; at most `REASONS` each."""
        ...

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return what the card tells besides: names -> numbers, by title."""
        ...


def fitted_of(bundle: Bundle) -> Fitted:
    """Load a checked bundle (`open_bundle`) for scoring."""
    return Fitted(
        bundle.meta["recipe"], bundle.meta["settings"], unpack(bundle.files[SERVING_FILE]), bundle.meta["family"]
    )


def audience_at(tables: Tables, subjects: NDArray[np.int32], features: Floats, day: int) -> Audience:
    """Return chosen subjects (sorted indices) at the end of `day`, with the purchases known then."""
    known = tables.interactions.until(day)
    place = np.full(len(tables.subjects) + 1, -1, np.int32)
    place[subjects] = np.arange(len(subjects), dtype=np.int32)
    rows = known.where(place[known.subject] >= 0)
    moved = Interactions(**{**vars(rows), "subject": place[rows.subject]})
    mails = mails_until(tables.sends, day).of_places(place)
    return Audience(len(subjects), day, features, moved, tables.items, mails)
