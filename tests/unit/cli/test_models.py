"""Models on the command line: what there is, how good it is, and who gets it."""

import json

import pytest
from typer.testing import CliRunner

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.bundle import META_FILE, SERVING_FILE, Bundle, seal
from addressee.models.registry import POINTER_KEY, Left, Pointer
from cli.deployment import Deployment
from cli.models import app
from cli.versions import ChangedMeanwhile, UnknownVersion, changes, move, resolve, state_of
from tests.fakes.s3 import InMemoryS3

KIND = "discover"


def bundle(as_of, ndcg, *, people=100, feature_hash="", **windows):
    """Seal a bundle that says how good it is."""

    def figures(value):
        return {"value": value, "low": value - 0.01, "high": value + 0.01}

    metrics = {"ndcg_at_10": {"model": figures(ndcg), "rival": figures(0.1), "difference": figures(ndcg - 0.1)}}
    if ndcg > 0.25:
        metrics["coverage"] = {"model": figures(0.5)}
    card = {"kind": KIND, "decides": "ndcg_at_10", "metrics": metrics}
    files = {SERVING_FILE: b"x", "card.json": json.dumps(card).encode(), "card.md": f"# {KIND} of {as_of}".encode()}
    days = {"test_after": "2026-02-01", "test_cuts_until": "2026-02-01", **windows}
    about = {"family": "item_neighbours", "features": [], "feature_hash": feature_hash}
    return seal(KIND, as_of, files, {**about, "metrics": metrics, "windows": days, "tested": {"people": people}})


FIRST, SECOND, THIRD = bundle("2026-03-01", 0.20), bundle("2026-03-02", 0.22), bundle("2026-03-03", 0.30, people=90)


@pytest.fixture
def s3():
    """Publish a champion, its challenger, and one that waits."""
    s3 = InMemoryS3()
    registry = registry_of(s3)
    for each in (FIRST, SECOND, THIRD):
        registry.publish(each, share=0.1, now_ms=1_772_500_000_000)
    return s3


def registry_of(s3):
    """Open the registry."""
    return S3Registry(S3Bucket("models", s3))


@pytest.fixture
def run(s3, tmp_path, monkeypatch):
    """Return what runs a command against that registry."""
    monkeypatch.setattr("addressee.adapters.s3.client", lambda _: s3)
    outputs = tmp_path / "outputs.json"
    names = {"".join(map(str.capitalize, each.split("_"))): "models" for each in Deployment.__dataclass_fields__}
    outputs.write_text(json.dumps({"Addressee": names}))

    def invoke(*words, typed=None):
        result = CliRunner().invoke(app, list(words), obj=outputs, input=typed, env={"COLUMNS": "200"})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return invoke


def pointer(s3):
    """Read what is served."""
    return registry_of(s3).pointers()[KIND]


def test_the_list_says_who_gets_what_and_how_good_it_is(run):
    """Newest first; what waits is shown on demand."""
    code, shown = run("list")
    assert code == 0
    lines = [line for line in shown.splitlines() if KIND in line]
    assert [line.split()[3] for line in lines] == [SECOND.version, FIRST.version]
    assert "challenger, 10% since 2026-03-03" in lines[0]
    assert "ndcg_at_10 0.2200 [0.2100, 0.2300]" in lines[0]
    assert "champion" in lines[1]
    assert "2026-01-01 00:00" in lines[1]
    assert THIRD.version not in shown
    assert THIRD.version in run("list", KIND, "--all")[1]


def test_a_card_is_shown_printed_as_json_or_saved(run, tmp_path):
    """The champion's where no version is named."""
    assert "discover of 2026-03-01" in run("show", KIND)[1]
    assert "discover of 2026-03-02" in run("show", KIND, "challenger")[1]
    assert json.loads(run("show", KIND, "--json")[1])["decides"] == "ndcg_at_10"
    folder = tmp_path / "cards"
    assert run("show", KIND, SECOND.version, "--save", str(folder))[0] == 0
    names = {f"{KIND}-{SECOND.version}.card.json", f"{KIND}-{SECOND.version}.card.md"}
    assert {path.name for path in folder.iterdir()} == names


def test_two_versions_are_compared_as_they_were_tested(run):
    """The same days or not makes the difference."""
    same = run("compare", KIND)[1]
    assert "+0.0200" in same
    assert "tested on the same days: after 2026-02-01, last cut 2026-02-01, 100 people" in same
    other = run("compare", KIND, "champion", THIRD.version)[1]
    assert "+0.1000" in other
    assert "tested on different days" in other
    assert "coverage" in other


def test_a_promotion_says_what_changes_and_asks(run, s3):
    """No is no."""
    code, shown = run("promote", KIND, "challenger", typed="n\n")
    assert code == 1
    assert f"champion: {FIRST.version} -> {SECOND.version} (tables of 2026-03-02)" in shown
    assert f"challenger: {SECOND.version} for 10% of people -> none" in shown
    assert pointer(s3).champion == FIRST.version
    assert run("promote", KIND, "challenger", "--reason", "better cards", typed="y\n")[0] == 0
    assert (pointer(s3).champion, pointer(s3).history[0].reason) == (SECOND.version, "better cards")
    assert "nothing changes" in run("promote", KIND, "champion", "--yes")[1]


def test_a_share_makes_a_challenger(run, s3):
    """Whatever was on trial before leaves."""
    code, shown = run("promote", KIND, THIRD.version[:12], "--share", "0.25", "--yes")
    assert code == 0
    assert f"challenger: {SECOND.version} for 10% of people -> {THIRD.version} for 25% of people" in shown
    assert (pointer(s3).challenger, pointer(s3).canary_share) == (THIRD.version, 0.25)
    assert pointer(s3).since_ms > 1_772_500_000_000


def test_a_rollback_drops_the_challenger_then_the_champion(run, s3):
    """Each is withdrawn for good; without anybody to go back to it is refused."""
    assert run("promote", KIND, THIRD.version, "--yes")[0] == 0
    assert run("promote", KIND, SECOND.version, "--share", "0.5", "--yes")[0] == 0
    code, shown = run("rollback", KIND, "--reason", "complaints", "--yes")
    assert (code, pointer(s3).challenger, pointer(s3).champion) == (0, "", THIRD.version)
    assert f"withdrawn, no retraining publishes it again: {SECOND.version}" in shown
    assert run("rollback", KIND, "--yes")[0] == 0
    assert pointer(s3).champion == FIRST.version
    assert [each.version for each in pointer(s3).withdrawn] == [THIRD.version, SECOND.version]
    assert "withdrawn since" in run("list")[1]
    code, shown = run("rollback", KIND, "--yes")
    assert (code, "no former champion" in shown) == (1, True)
    assert run("rollback", KIND, "--to", SECOND.version, "--yes")[0] == 0
    assert pointer(s3).champion == SECOND.version


def test_what_is_not_there_or_cannot_be_served_is_told_in_a_line(run, s3):
    """Kind, version, several, damaged, other features."""
    assert "has no such version; there are none" in run("show", "of_yore")[1]
    assert "has no such version; there are 2026-03-01" in run("promote", KIND, "2027", "--yes")[1]
    assert "several versions are called so" in run("promote", KIND, "2026", "--yes")[1]
    s3.objects["models", f"models/{KIND}/{THIRD.version}/{SERVING_FILE}"] = b"y"
    assert "damaged or truncated" in run("promote", KIND, THIRD.version, "--yes")[1]
    registry_of(s3).publish(bundle("2026-03-04", 0.2, feature_hash="of yesterday"))
    code, shown = run("rollback", KIND, "--to", "2026-03-04", "--yes")
    assert (code, "was trained on features of yesterday" in shown) == (1, True)
    left = (Left("2026-02-01-gone", 1, "newer"),)
    registry_of(s3).change(lambda now: {**now, KIND: Pointer(FIRST.version, history=left)})
    assert "bundle.json is missing" in run("rollback", KIND, "--yes")[1]
    assert pointer(s3).champion == FIRST.version


def test_a_pointer_that_moved_meanwhile_is_looked_at_again(s3):
    """The change that was confirmed is the one that is made."""
    registry = registry_of(s3)
    seen = {KIND: Pointer("another")}
    with pytest.raises(ChangedMeanwhile, match=KIND):
        move(registry, KIND, seen, dict)
    registry.publish(Bundle("buy_again", "2026-03-01-x", {}, {META_FILE: b"{}"}))
    move(registry, KIND, {KIND: pointer(s3)}, lambda now: {**now, KIND: Pointer("moved")})
    assert set(registry.pointers()) == {KIND, "buy_again"}


def test_a_race_that_is_always_lost_is_told():
    """Nobody waits for ever."""

    class Contested(InMemoryS3):
        def put_object(self, **call):
            self.objects["models", POINTER_KEY] = json.dumps({KIND: {"champion": str(len(call))}}).encode()
            self.objects["models", POINTER_KEY] += b" " * len(self.objects["models", POINTER_KEY])
            return super().put_object(**{**call, "IfMatch": "another"})

    with pytest.raises(PreconditionFailed):
        registry_of(Contested()).change(lambda now: {**now, "other": Pointer("x")})


def test_versions_are_found_by_name_beginning_or_role(s3):
    """A name that is whole wins."""
    registry = registry_of(s3)
    assert resolve(registry, KIND, "champion") == resolve(registry, KIND, FIRST.version) == FIRST.version
    registry.change(lambda now: {**now, KIND: Pointer(FIRST.version)})
    with pytest.raises(UnknownVersion, match="no challenger"):
        resolve(registry, KIND, "challenger")


def test_states_and_changes_in_words():
    """What a reader sees."""
    left = (Left("a", 0, "newer"),)
    assert state_of(Pointer("b", history=left), "a") == "former since 1970-01-01: newer"
    assert state_of(Pointer("b", withdrawn=left), "a") == "withdrawn since 1970-01-01: newer"
    assert (state_of(Pointer("b"), "b"), state_of(Pointer("b"), "z")) == ("champion", "stored")
    assert changes(Pointer("b", withdrawn=left), Pointer("b", "a", 0.5)) == [
        "challenger: none -> a for 50% of people",
        "withdrawn no longer: a",
    ]
