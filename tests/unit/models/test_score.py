"""Champions and a chunk of people -> the bodies of their `scores` rows."""

import json
from datetime import date

import numpy as np
import pytest

from addressee.models.bundle import SERVING_FILE, seal
from addressee.models.chunks import pack_chunk, read_chunk
from addressee.models.kinds import kind_of
from addressee.models.packed import Truncated, pack
from addressee.models.prepare import prepare_tables
from addressee.models.registry import in_canary
from addressee.models.score import CANDIDATES, Served, score_chunk
from addressee.models.serving import open_scorer, open_segmenter
from addressee.models.tables import BUYS, LAPSES
from addressee.profiles.features import FEATURE_HASH
from tests.fakes.lake import lake_of, order

AS_OF = date(2026, 3, 31)
TODAY = (AS_OF - date(1970, 1, 1)).days
PEOPLE = [f"{number:032x}" for number in range(60)]
SHELF = [f"item-{number:02d}" for number in range(70)]
PROSPECT = "f" * 32


def history():
    """Simulate seven months: everybody has a rhythm and a corner of the shelf; the last ten stopped weeks ago."""
    rng = np.random.default_rng(7)
    for number, subject in enumerate(PEOPLE):
        every = 3 + number % 20
        until = 40 if number >= 50 else 1
        for day in range(TODAY - 210 + number % 7, TODAY - until, every):
            chosen = rng.choice(20, 3, replace=False) + (number % 3) * 20
            yield order(subject, day + 0.5, *(SHELF[item] for item in chosen))
    yield order(PEOPLE[0], TODAY - 2.5, *SHELF)
    yield {**order(PROSPECT, TODAY - 1.5), "name": "Product Viewed"}


@pytest.fixture(scope="module")
def tables():
    """Prepare that history."""
    with lake_of(history()) as lake:
        return prepare_tables(lake, as_of=AS_OF)


@pytest.fixture(scope="module")
def bundles(tables):
    """Fit kinds of every role that this history teaches, gate or not."""
    return {name: sealed(kind_of(name), tables) for name in ("buy_again", "discover", BUYS, LAPSES, "rfm_tiers")}


def sealed(kind, tables):
    """Fit a kind on all days and seal it."""
    fitted = kind.fit(tables, until=TODAY, recipe=kind.recipes()[0], rng=np.random.default_rng(1))
    about = {
        "family": fitted.family,
        "features": list(tables.metadata.feature_names) if kind.uses_features else [],
        "feature_hash": FEATURE_HASH if kind.uses_features else "",
        "recipe": dict(fitted.recipe),
        "settings": dict(fitted.settings),
    }
    return seal(kind.name, tables.metadata.as_of, {SERVING_FILE: pack(fitted.sections)}, about)


@pytest.fixture(scope="module")
def chunk(tables):
    """Take everybody as one chunk."""
    return read_chunk(pack_chunk(tables, 0, len(tables.subjects)))


def scored(chunk, bundles, *, faults=None, **challengers):
    """Score everybody; challengers (kind -> bundle) get half of the people."""
    served = {kind: Served(bundle, challengers.get(kind), 0.5) for kind, bundle in bundles.items()}
    return score_chunk(chunk, served, on_fault=lambda *fault: faults.append(fault))


@pytest.fixture(scope="module")
def people(chunk, bundles):
    """Score everybody; return subject -> body."""
    return {person.subject: person.body for person in scored(chunk, bundles)}


def test_everybody_in_the_chunk_is_scored_once(chunk, people, bundles):
    """One body for each subject, with the day, the versions, a segment and a probability."""
    assert list(people) == list(chunk.subjects)
    for body in people.values():
        assert body["as_of"] == "2026-03-31"
        assert body["versions"] == {kind: bundle.version for kind, bundle in bundles.items()}
        assert body["segments"]["rfm_tiers"]
        assert 0 <= body["scores"][BUYS] <= 1


def test_only_active_people_can_lapse(people):
    """Who stopped buying six weeks ago is not at risk any more, and gets no such score."""
    assert LAPSES in people[PEOPLE[3]]["scores"]
    assert LAPSES not in people[PEOPLE[55]]["scores"]
    assert LAPSES not in people[PROSPECT]["scores"]


def test_buy_again_holds_own_products_and_discover_others(people):
    """The two uses never name the same product to a person."""
    for body in people.values():
        again = {item for item, _, _ in body["candidates"].get("buy_again", [])}
        new = {item for item, _, _ in body["candidates"].get("discover", [])}
        assert not again & new
    assert people[PEOPLE[3]]["candidates"]["discover"]


def test_candidates_are_the_best_fifty(people):
    """Somebody who bought seventy products gets the fifty best, best first."""
    rows = people[PEOPLE[0]]["candidates"]["buy_again"]
    assert len(rows) == CANDIDATES
    scores = [score for _, score, _ in rows]
    assert scores == sorted(scores, reverse=True)


def test_who_never_bought_has_a_segment_and_no_candidates(people):
    """A prospect gets what can be said: nothing about products."""
    assert people[PROSPECT]["candidates"] == {}
    assert people[PROSPECT]["segments"]["rfm_tiers"] == "prospects"


def test_a_kind_without_champion_is_absent(chunk, bundles):
    """What was not published is not in the row; the rest is."""
    (body, *_) = (person.body for person in scored(chunk, {BUYS: bundles[BUYS]}))
    assert set(body["scores"]) == set(body["versions"]) == {BUYS}
    assert body["segments"] == body["candidates"] == {}


def test_chunks_do_not_change_what_is_said(tables, bundles, people):
    """Scored in two chunks or in one, everybody gets the same body."""
    for start, stop in ((0, 20), (20, len(tables.subjects))):
        for person in scored(read_chunk(pack_chunk(tables, start, stop)), bundles):
            assert json.dumps(person.body) == json.dumps(people[person.subject])


def test_scores_equal_what_serving_computes(tables, bundles, people):
    """The nightly probability and segment are those of the send-time models, to the digits that are kept."""
    features = tables.now.features.tolist()
    scorer = open_scorer(BUYS, bundles[BUYS].files, feature_hash=FEATURE_HASH)
    segmenter = open_segmenter("rfm_tiers", bundles["rfm_tiers"].files, feature_hash=FEATURE_HASH)
    for subject, row in zip(tables.subjects, features, strict=True):
        assert people[subject]["scores"][BUYS] == pytest.approx(scorer.score(row), rel=1e-5)
        assert people[subject]["segments"]["rfm_tiers"] == segmenter.segment(row)


def test_an_empty_chunk_has_nobody(tables, bundles):
    """No people, no rows, no error."""
    assert scored(read_chunk(pack_chunk(tables, 0, 0)), bundles) == []
    assert kind_of(BUYS).role == "scorer"


@pytest.fixture(scope="module")
def challengers(tables):
    """Fit what the models were like four weeks ago: other answers, other versions."""
    earlier = {}
    for kind in (kind_of(name) for name in ("buy_again", "rfm_tiers", BUYS)):
        fitted = kind.fit(tables, until=TODAY - 28, recipe=kind.recipes()[-1], rng=np.random.default_rng(1))
        about = {"family": fitted.family, "recipe": dict(fitted.recipe), "settings": dict(fitted.settings)}
        about |= {"features": [], "feature_hash": FEATURE_HASH}
        earlier[kind.name] = seal(kind.name, "2026-04-01", {SERVING_FILE: pack(fitted.sections)}, about)
    return earlier


def said(body, kind):
    """Return what one kind says of a person."""
    return body["segments"].get(kind), body["scores"].get(kind), body["candidates"].get(kind)


def test_people_in_a_canary_get_the_challenger_and_the_others_what_they_got(chunk, bundles, people, challengers):
    """Each arm's rows are those that everybody would get from its model, and say so."""
    whole = {person.subject: person.body for person in scored(chunk, {**bundles, **challengers})}
    for person in scored(chunk, bundles, **challengers):
        for kind in bundles:
            new = challengers.get(kind)
            tried = new is not None and in_canary(person.subject, kind, new.version, 0.5)
            expected = (whole if tried else people)[person.subject]
            assert said(person.body, kind) == said(expected, kind)
            assert person.body["versions"][kind] == (new if tried else bundles[kind]).version
    assert {kind: said(whole[PEOPLE[3]], kind) == said(people[PEOPLE[3]], kind) for kind in challengers}[BUYS] is False


def test_a_challenger_that_raises_leaves_its_people_to_the_champion(chunk, bundles, people, challengers):
    """Nobody's row suffers, and the fault is told once a chunk."""
    broken = seal(BUYS, "2026-04-01", {SERVING_FILE: b"no arrays"}, dict(challengers[BUYS].meta))
    faults = []
    assert {each.subject: each.body for each in scored(chunk, bundles, faults=faults, **{BUYS: broken})} == people
    assert [fault[:2] for fault in faults] == [(BUYS, broken.version)]


def test_a_champion_that_raises_stops_the_run(chunk, bundles):
    """Yesterday's rows stay, and somebody hears of it."""
    broken = seal(BUYS, "2026-04-01", {SERVING_FILE: b"no arrays"}, dict(bundles[BUYS].meta))
    with pytest.raises(Truncated, match="magic number"):
        scored(chunk, {**bundles, BUYS: broken})
