"""The pointer: who is champion after a publication."""

from addressee.models.bundle import Bundle
from addressee.models.registry import Pointer, file_key, promoted, read_pointers, write_pointers


def bundle(version, as_of="2026-03-31", kind="discover"):
    """Build a bundle of which only the name matters."""
    return Bundle(kind, version, {"as_of": as_of}, {})


def test_pointers_survive_their_file():
    """What was written is read; no file means nothing is served."""
    pointers = {"discover": Pointer("v1", "v2", 0.1, "2026-03-31"), "buy_again": Pointer("v0", as_of="2026-03-01")}
    assert read_pointers(write_pointers(pointers)) == pointers
    assert read_pointers(None) == {}
    assert file_key("discover", "v1", "serving.bin") == "models/discover/v1/serving.bin"


def test_a_published_bundle_becomes_champion_and_the_others_stay():
    """Only its own kind moves."""
    before = {"buy_again": Pointer("b1", as_of="2026-03-01"), "discover": Pointer("d1", as_of="2026-03-01")}
    after = promoted(before, bundle("d2"))
    assert after == {"buy_again": before["buy_again"], "discover": Pointer("d2", as_of="2026-03-31")}
    assert promoted(after, bundle("d2")) == after


def test_a_challenger_stays_until_it_is_promoted_itself():
    """A retrain of the champion does not end a canary; promoting the challenger does."""
    before = {"discover": Pointer("d1", "d9", 0.2, "2026-03-01")}
    assert promoted(before, bundle("d2"))["discover"] == Pointer("d2", "d9", 0.2, "2026-03-31")
    assert promoted(before, bundle("d9"))["discover"] == Pointer("d9", "", 0.0, "2026-03-31")


def test_older_tables_never_replace_newer_ones():
    """Runs may finish out of order."""
    before = {"discover": Pointer("d2", as_of="2026-03-31")}
    assert promoted(before, bundle("d1", as_of="2026-03-30")) == before
