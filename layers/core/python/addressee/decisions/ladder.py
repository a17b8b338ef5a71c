"""The ladder of recommendations: personalised, segment, popular, editorial; what is not sure falls a rung."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import NamedTuple

from addressee.decisions.champions import Champions
from addressee.decisions.decision import Rung
from addressee.decisions.person import Person
from addressee.decisions.request import MAX_PRODUCTS, Use
from addressee.models.ranking import Scored, confidence
from addressee.models.recommenders import Ranked
from addressee.models.serving import Recommender
from addressee.profiles.hashing import item_hash
from addressee.profiles.state import DAY_MS, State

LEAST_CONFIDENCE = 0.2
HALF_SUPPORT_OF_STORED = 5.0
MAX_CANDIDATES = 100
FEW_PRODUCTS = 3
"""Of somebody who bought fewer, the cart counts too."""
_STAMP_BITS = 16
KINDS: Mapping[Use, tuple[str, ...]] = {
    "buy_again": ("buy_again",),
    "discover": ("discover",),
    "next": ("next_product",),
    "mixed": ("buy_again", "discover"),
}


class Pick(NamedTuple):
    """A product on its way into an answer: why, from which rung, how sure (0 to 1)."""

    item_id: str
    reason: str
    rung: Rung
    confidence: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants: which use, of which products (None: of all), how many at most, and where the person is.

    `time_zone` counts where the person's own is not known.
    """

    use: Use = "mixed"
    among: tuple[str, ...] | None = None
    k: int = MAX_PRODUCTS
    time_zone: str = ""


def ranked(
    person: Person, champions: Champions, wish: Wish, *, segments: Mapping[str, str], today: int
) -> Iterator[Pick]:
    """Rank at most 100 products down the ladder, each once, on the highest rung that knows it.

    An iterator: what nobody takes is not computed, and the first products are nearly always enough. `segments` are
    the person's by kind. Products that the caller named are all in the answer: those that no rung knows come last, in
    the caller's order, as `editorial`.
    """
    ladder: Iterator[Pick] = chain(
        _personalised(person, champions, wish, today),
        _segment(person, champions, wish, segments),
        _popular(person, champions, wish),
    )
    if wish.use == "discover":
        ladder = (pick for pick in ladder if item_hash(pick.item_id) not in person.state.bought)
    if wish.among is not None:
        wanted = frozenset(wish.among)
        named = (Pick(item_id, "editorial", "editorial", 0.0) for item_id in wish.among)
        ladder = chain((pick for pick in ladder if pick.item_id in wanted), named)
    return islice(_once(ladder), MAX_CANDIDATES)


def _once(ladder: Iterable[Pick]) -> Iterator[Pick]:
    seen = set()
    for pick in ladder:
        if pick.item_id not in seen:
            seen.add(pick.item_id)
            yield pick


def _personalised(person: Person, champions: Champions, wish: Wish, today: int) -> Iterator[Pick]:
    """Rank with the champions on the fresh profile; uses that are mixed take turns."""
    kinds = [kind for kind in KINDS[wish.use] if kind in champions.recommenders]
    k = MAX_CANDIDATES // max(len(kinds), 1)
    lists = []
    for kind in kinds:
        scored = _scored(person, champions, kind, wish.among, today, k)
        lists.append(_picks(kind, champions.recommenders[kind], scored, person.state.bought))
    yield from _in_turn(lists)


def _scored(  # noqa: PLR0913, PLR0917  # private; the arguments of its caller
    person: Person, champions: Champions, kind: str, among: Sequence[str] | None, today: int, k: int
) -> Sequence[Ranked]:
    """Rank live, or take last night's list where it is the same: same model, nothing bought since, nothing named.

    Age changes no order: it discounts every product alike.
    """
    nightly, bought = person.scores.nightly(kind), history_of(person, kind)
    same_model = person.scores.versions.get(kind) == champions.versions.get(kind)
    if nightly is not None and same_model and among is None and max(bought.values(), default=0) <= nightly.as_of_day:
        return nightly.scored[:k]
    return champions.recommenders[kind].rank(bought, today=today, candidates=among, k=k, nightly=nightly)


def history_of(person: Person, kind: str) -> Mapping[int, int]:
    """Return what a kind of model ranks by: item hash -> day."""
    bought = person.state.bought
    return _with_cart(person.state) if kind == "discover" and len(bought) < FEW_PRODUCTS else bought


def _with_cart(state: State) -> dict[int, int]:
    """Return what was bought, and what was put into the cart, or taken out of it again: item hash -> day."""
    return {item: (stamp >> _STAMP_BITS) // DAY_MS for item, stamp in state.latest_cart()} | state.bought


def _picks(kind: str, model: Recommender, scored: Sequence[Ranked], bought: Mapping[int, int]) -> Iterator[Pick]:
    """Give what is sure enough."""
    for item_id, _, support in scored:
        if (sure := model.confidence(support)) >= LEAST_CONFIDENCE:
            yield Pick(item_id, _reason(kind, item_id, support, bought), "personalised", sure)


def _reason(kind: str, item_id: str, support: float, bought: Mapping[int, int]) -> str:
    if kind == "discover" or (kind == "next_product" and item_hash(item_id) not in bought):
        return "bought_together_with"
    return "bought_often" if support > 1 else "bought_before"


def _segment(person: Person, champions: Champions, wish: Wish, segments: Mapping[str, str]) -> Iterator[Pick]:
    """Give what the last scoring run found where the live recommender is missing, then what the segment buys."""
    kinds = [kind for kind in KINDS[wish.use] if kind not in champions.recommenders]
    yield from _in_turn([[_stored(each) for each in person.scores.candidates.get(kind, ())] for kind in kinds])
    for kind, model in champions.segmenters.items():
        for each in model.popular(segments[kind], MAX_CANDIDATES) if kind in segments else ():
            if (sure := model.confidence(each.support)) >= LEAST_CONFIDENCE:
                yield Pick(each.item_id, "popular_in_segment", "segment", sure)


def _stored(each: Ranked) -> Pick:
    item_id, _, support = each
    return Pick(item_id, "scored_earlier", "segment", confidence(support, HALF_SUPPORT_OF_STORED))


def _popular(person: Person, champions: Champions, wish: Wish) -> Iterator[Pick]:
    """Give what everybody buys, from the first loaded model that knows: a recommender of the use, else a segmenter.

    A recommender moves the categories up in which the person spends.
    """
    for kind in KINDS[wish.use]:
        if (model := champions.recommenders.get(kind)) is not None:
            yield from _bestsellers(model.popular(MAX_CANDIDATES, person.state.category_spend), model.confidence)
            return
    for segmenter in champions.segmenters.values():
        yield from _bestsellers(segmenter.popular_overall(MAX_CANDIDATES), segmenter.confidence)
        return


def _bestsellers(scored: Sequence[Scored], sure: Callable[[float], float]) -> Iterator[Pick]:
    return (Pick(each.item_id, "popular", "popular", sure(each.support)) for each in scored)


def _in_turn(lists: Sequence[Iterable[Pick]]) -> Iterator[Pick]:
    for row in zip_longest(*lists):
        for pick in row:
            if pick is not None:
                yield pick
