"""The lake -> training tables as of one day; nothing received later is seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from duckdb import DuckDBPyConnection

from addressee.models.audit import audit
from addressee.models.declared import read_declared
from addressee.models.declared_features import Known
from addressee.models.delays import read_delays
from addressee.models.examples import active_subjects, cut_days, end_of, read_features, read_people
from addressee.models.hindsight import gather
from addressee.models.purchases import DAY_MS, load_items, load_orders, read_interactions
from addressee.models.sends import read_sends
from addressee.models.tables import Metadata, Tables
from addressee.models.trials import Plan, read_trials
from addressee.profiles.features import FEATURE_HASH, FEATURE_NAMES
from addressee.profiles.items import Item
from addressee.profiles.traits import TraitChange

EPOCH = date(1970, 1, 1)
HISTORY_DAYS = 400

_PEOPLE = """
CREATE OR REPLACE TEMP TABLE people AS
SELECT unnest($subjects::VARCHAR[]) AS person, unnest(range(len($subjects)))::INTEGER AS subject
"""


@dataclass(frozen=True)
class Sources:
    """What the tables are made from besides the lake; each is read once, and may be a generator.

    `catalogue` as it stands; `plans` of campaigns; `traits`, what is declared of people now, by subject, each once.
    `groups` names the traits that fairness is reported by, `read` those that models may read (`Demographic.trait`);
    `default_zone` is that of people of whom nobody knows it.
    """

    catalogue: Iterable[Item] = ()
    plans: Iterable[Plan] = ()
    traits: Iterable[tuple[str, Mapping[str, TraitChange]]] = ()
    groups: Sequence[str] = ()
    read: Sequence[str] = ()
    default_zone: str = "UTC"


NOTHING_BESIDES = Sources()


def prepare_tables(lake: DuckDBPyConnection, *, as_of: date, sources: Sources = NOTHING_BESIDES) -> Tables:
    """Make the training tables of `as_of` (its end, UTC) from `events`, the lake's rows on this connection.

    The same events and sources give the same tables, whatever was received after `as_of` and however many threads work.
    """
    as_of_day = (as_of - EPOCH).days
    end_ms = end_of(as_of_day)
    load_orders(lake, end_ms=end_ms)
    first_day = _first_day(lake, as_of_day)
    days = cut_days(as_of_day, first_day)
    features = read_features(lake, [*days, as_of_day])
    now = features.pop(as_of_day)
    load_people(lake, now.subjects)
    delays = read_delays(lake, as_of_day=as_of_day)
    people = read_people(lake, features, delays, as_of_day=as_of_day)
    items = load_items(lake, sources.catalogue, end_ms=end_ms)
    interactions = read_interactions(lake)
    active = active_subjects(lake, day=as_of_day)
    declared = read_declared(sources.traits, now.subjects, sources.groups, sources.read)
    sends = read_sends(lake, end_ms=end_ms, zones=declared.zones, default_zone=sources.default_zone)
    trials = read_trials(lake, sources.plans, end_ms=end_ms, delays=delays)
    known = Known(declared.features, end_ms)
    tables = Tables(
        metadata=Metadata(
            as_of=as_of.isoformat(),
            as_of_day=as_of_day,
            first_day=first_day,
            feature_names=FEATURE_NAMES,
            feature_hash=FEATURE_HASH,
            cut_days=days,
            counts={
                "subjects": len(now.subjects),
                "items": len(items.ids),
                "orders": int(interactions.basket[-1]) + 1 if len(interactions.basket) else 0,
                "interactions": len(interactions.basket),
                "examples": len(people.subject),
                "sends": len(sends.subject),
                "trials": len(trials.subject),
            },
        ),
        subjects=tuple(now.subjects),
        items=items,
        people=known.people(people),
        interactions=interactions,
        now=known.now(now.features, np.array([subject in active for subject in now.subjects], np.bool_)),
        sends=known.sends(sends),
        trials=known.trials(trials),
        groups=declared.groups,
    )
    latest = max(features, default=None)
    evidence = gather(lake, None if latest is None else (latest, features[latest]), end_ms=end_ms)
    return replace(tables, audit=audit(tables, replace(evidence, delays=delays)))


def load_people(lake: DuckDBPyConnection, subjects: Sequence[str]) -> None:
    """Create `people`: the subjects, sorted, and their indices."""
    lake.execute(_PEOPLE, {"subjects": list(subjects)})


def _first_day(lake: DuckDBPyConnection, as_of_day: int) -> int:
    """Return the first received day that the window holds, or the day after `as_of` where it holds none."""
    query = "SELECT min(received_at_ms) FROM events WHERE received_at_ms < $end_ms"
    ((first_ms,),) = lake.execute(query, {"end_ms": end_of(as_of_day)}).fetchall()
    return as_of_day + 1 if first_ms is None else int(first_ms) // DAY_MS
