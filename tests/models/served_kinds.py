"""Trained kinds opened as `decide_content` opens them, and people to ask them about."""

from addressee.models.bundle import META_FILE, SERVING_FILE
from addressee.models.kind import Audience, fitted_of
from addressee.models.kinds import KINDS
from addressee.models.propensity import Propensity
from addressee.models.serving import open_recommender, open_scorer, open_segmenter, open_timer
from addressee.profiles.hashing import item_hash
from tests.models.conftest import tables, trained
from tests.models.generated import AS_OF_DAY, FEATURE_HASH

OPEN = {
    "recommender": open_recommender,
    "scorer": open_scorer,
    "segmenter": open_segmenter,
    "valuer": open_scorer,
    "timer": open_timer,
}
K = 8
PEOPLE = [kind.name for kind in KINDS if isinstance(kind, Propensity)]
EXPLAINED = [*PEOPLE, "value_in_90_days", "uplift_in_14_days"]


def everybody(people=40):
    """Return the first people of the tables as they are now."""
    now = tables()
    return Audience(people, AS_OF_DAY, now.now.features[:people], now.interactions.of_subjects(0, people), now.items)


def served(kind):
    """Open the kind's bundle as `decide_content` does: from two files."""
    files = trained(kind.name).bundle.files
    needed = {name: files[name] for name in (META_FILE, SERVING_FILE)}
    return OPEN[kind.role](kind.name, needed, feature_hash=FEATURE_HASH)


def history(audience, person):
    """Return what a state would hold of a person: item hash -> last day."""
    rows = audience.interactions.of_subjects(person, person + 1)
    return {
        item_hash(audience.items.ids[item]): int(rows.day[rows.item == item].max()) for item in set(rows.item.tolist())
    }


def answers(kind, audience, *, k=K):
    """Predict for an audience with the published bundle."""
    return kind.predict(fitted_of(trained(kind.name).bundle), audience, k=k)
