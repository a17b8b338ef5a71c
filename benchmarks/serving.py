"""Suite `serving`: cold start against the usual stack, interleaved in fresh processes, and the CPU of a warm decision.

python -m benchmarks.serving [--rounds N]
"""

import argparse
import base64
import compileall
import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from struct import pack
from tempfile import TemporaryDirectory
from time import process_time_ns
from typing import Any

from addressee.decisions.campaign import Campaign
from addressee.decisions.champions import champions_of, open_champion
from addressee.decisions.decision import to_body
from addressee.decisions.guarded import Sources
from addressee.decisions.person import read_person
from addressee.profiles.items import item_of
from addressee.profiles.packing import pack as pack_state
from addressee.profiles.packing import unpack
from benchmarks.aws_stub import Stored, serving
from benchmarks.rows import row, write
from benchmarks.serving_world import BUCKET, CANDIDATES, KEY, NOW_MS, SUBJECT, TODAY, World, make_world, typed
from benchmarks.usual_stack.install import LIMIT_MB, PYTHON, install, unzipped_mb
from functions.decide_content.handler import Wiring, handle

ROOT = Path(__file__).parents[1]
BUILT = ROOT / ".build" / "bench-serving"
PEER = ROOT / "benchmarks" / "usual_stack"
COMMAND = "python -m benchmarks.serving"
ROUNDS = 9
WARM_CALLS = 3_000
SAME = 1e-12
SETTINGS = {
    "PROFILES_TABLE": "profiles",
    "DECISIONS_TABLE": "decisions",
    "ITEMS_TABLE": "items",
    "SUPPRESSIONS_TABLE": "suppressions",
    "MODELS_BUCKET": BUCKET,
    "SUBJECT_SECRET": "subject",
    "REPURCHASE_DAYS": '{"*": 14}',
    "CAP_PER_DAY": "1",
    "CAP_PER_WEEK": "3",
    "DEFAULT_HOUR": "10",
    "QUIET_HOURS": "21-8",
    "DEFAULT_TIME_ZONE": "UTC",
}


class NotComparable(Exception):
    """A stack did not answer as it should, or does not fit a Lambda: its figures would mean nothing."""


def cold(world: World, rounds: int) -> list[dict[str, Any]]:
    """Start both stacks in turn, in fresh processes, against the same stub; one start of each does not count."""
    install()
    ours = _compiled()
    booster = _booster()
    with TemporaryDirectory() as folder, serving(_stored(world, booster)) as endpoint:
        sample = Path(folder) / "event.json"
        sample.write_text(json.dumps(_event()), encoding="utf-8")
        starts: dict[str, list[dict[str, Any]]] = {"ours": [], "peer": []}
        for _ in range(rounds + 1):
            starts["ours"].append(_start(sample, endpoint, *ours))
            starts["peer"].append(_start(sample, endpoint, PEER))
    peer_mb = unzipped_mb()
    name = f"{_peer_versions()}; {peer_mb:.0f} MB besides Lambda's runtime, limit {LIMIT_MB:.0f}"
    if peer_mb > LIMIT_MB:
        raise NotComparable(f"the usual stack does not fit a Lambda: {name}")
    return [_compared(starts, name, **case) for case in _COLD]


_COLD = (
    {"case": "cold_init", "metric": "imports, clients, models, first answer", "unit": "ms"},
    {"case": "cold_rss", "metric": "peak memory of the process", "unit": "MB"},
)


def _compared(starts: dict[str, list[dict[str, Any]]], peer: str, **case: str) -> dict[str, Any]:
    ours, peers = ([start[case["unit"]] for start in starts[side][1:]] for side in ("ours", "peer"))
    figures = {"peer_value": median(peers), "ratio": median(peers) / median(ours)}
    return row(**case, values=ours, peer=peer, **figures, command=COMMAND)


def _compiled() -> tuple[Path, Path]:
    """Copy layer and function and compile them, as a layer ships them."""
    shutil.rmtree(BUILT, ignore_errors=True)
    layer, function = BUILT / "layer", BUILT / "function"
    shutil.copytree(ROOT / "layers" / "core" / "python", layer, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "functions" / "decide_content", function, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(BUILT, quiet=1)
    return function, layer


def _booster() -> bytes:
    command = [PYTHON, PEER / "train.py"]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603  # our own script


def _start(sample: Path, endpoint: str, *paths: Path) -> dict[str, Any]:
    """Start one stack in a fresh process; bytecode is written by the first start, so that the others find it."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "decide_content",
        "POWERTOOLS_METRICS_DISABLED": "true",
        **SETTINGS,
    }
    command = [PYTHON, ROOT / "benchmarks" / "cold_start.py", sample, *paths]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)  # noqa: S603  # ours
    if done.returncode:
        raise NotComparable(done.stderr)
    start: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    if start["status"] != 200 or start["products"] != 12:  # noqa: PLR2004  # a whole answer
        raise NotComparable(f"{paths[0].name} answered {start}: {done.stdout}")
    return start


def _peer_versions() -> str:
    wanted = ("aws-lambda-powertools", "boto3", "pandas", "lightgbm", "scikit-learn", "jinja2", "pydantic")
    lines = (ROOT / "requirements" / "bench.lock").read_text(encoding="utf-8").splitlines()
    versions = (line.split(" ")[0].replace("==", " ") for line in lines if "==" in line and "--hash" not in line)
    return ", ".join(each for each in versions if each.split(" ")[0] in wanted)


def _stored(world: World, booster: bytes) -> Stored:
    """Serve the person's rows to both: ours as they are, the peer's candidates with ready-made features."""
    names = list(world.items)[:CANDIDATES]
    values = [(place * 37 % 101) / 50 - 1 for place in range(CANDIDATES * 40)]
    candidates = {
        "subject": {"S": SUBJECT},
        "part": {"S": "candidates"},
        "names": {"S": json.dumps(names)},
        "features": {"B": base64.b64encode(pack(f"<{len(values)}f", *values)).decode()},
    }
    return Stored(
        objects={**world.objects(), f"/{BUCKET}/models/booster.txt": booster},
        rows=(*map(typed, world.rows), candidates),
        items={name: typed({**item, "in_stock": True}) for name, item in world.items.items()},
        secret=KEY,
    )


def _event() -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / "decide_content.json").read_text(encoding="utf-8"))
    return event


class _Memory:
    """The tables in memory, rows as they are stored: a person is unpacked anew for every decision."""

    def __init__(self, world: World) -> None:
        self._rows = world.rows
        self._items = world.items

    def get(self, subject: str, campaign: str | None = None) -> Any:  # noqa: ANN401  # people's and decisions' at once
        return None if campaign else read_person(subject, self._rows, purpose="email")

    def put_once(self, decision: Any) -> Any:  # noqa: ANN401
        to_body(decision)
        return decision

    def reason(self, address_hash: str) -> None:
        del address_hash

    def get_many(self, item_ids: Sequence[str]) -> dict[str, Any]:
        return {item_id: item_of(self._items[item_id]) for item_id in item_ids}


class _Loaded:
    def __init__(self, world: World) -> None:
        self._champions = champions_of(
            {each.kind: (each.version, open_champion(each.kind, each.files)) for each in world.bundles}
        )

    def current(self) -> Any:  # noqa: ANN401
        return self._champions


def warm(world: World, calls: int = WARM_CALLS, *, models: str = "") -> list[dict[str, Any]]:
    """Decide in process through the real handler, every byte parsed and written: CPU time.

    First for somebody whose nightly lists still hold, then for somebody who bought since: ranked live. `models` names
    what is unusual about the world's.
    """
    bought_since = replace(world, rows=tuple(_shopped(each) for each in world.rows))
    return [
        row(case, f"CPU {name}, {CANDIDATES} candidates", "ms", [value], command=COMMAND)
        for case, of in ((f"decide_warm{models}", world), (f"decide_warm{models}_live", bought_since))
        for name, value in _warm(of, calls)
    ]


def _shopped(stored: dict[str, Any]) -> dict[str, Any]:
    """Let the person have bought, today, the three products bought longest ago."""
    if stored["part"] != "state":
        return stored
    state = unpack(stored["packed"])
    state.bought.update(dict.fromkeys(sorted(state.bought, key=state.bought.__getitem__)[:3], TODAY))
    return {**stored, "packed": pack_state(state)}


def _warm(world: World, calls: int) -> list[tuple[str, float]]:
    memory = _Memory(world)
    sources = Sources(KEY.encode, memory, memory, memory, _Loaded(world), memory)
    wired = Wiring(sources, Campaign("default", repurchase_days={"*": 14}), now_ms=lambda: NOW_MS)
    event = _event()
    spent = []
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        for _ in range(calls):
            begun = process_time_ns()
            handle(event, None, wired=wired)
            spent.append((process_time_ns() - begun) / 1e6)
    percentiles = quantiles(spent[calls // 10 :], n=100)
    return [("p50", percentiles[49]), ("p99", percentiles[98])]


def one_row(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Score one row after the other with both, in turn, in fresh processes; their answers are the same."""
    install()
    with TemporaryDirectory() as folder:
        _one_row("train", folder)
        turns = [(_one_row("ours", folder), _one_row("peer", folder)) for _ in range(rounds)]
    apart = max(
        abs(mine - other) for ours, peer in turns for mine, other in zip(ours["answers"], peer["answers"], strict=True)
    )
    if apart > SAME:
        raise NotComparable(f"score_one_row: answers differ by {apart}")
    return [_one_row_compared(turns, each) for each in ("p50", "p99")]


def _one_row_compared(turns: Sequence[tuple[dict[str, Any], dict[str, Any]]], each: str) -> dict[str, Any]:
    ours, peers = ([turn[side][each] for turn in turns] for side in (0, 1))
    return row(
        "score_one_row",
        f"{each}, 40 features, 200 trees x 31 leaves, equal to {SAME:g}",
        "us",
        ours,
        peer="pickled LGBMClassifier.predict_proba",
        peer_value=median(peers),
        ratio=median(peers) / median(ours),
        command=COMMAND,
    )


def _one_row(side: str, folder: str) -> dict[str, Any]:
    """Run one side in its environment: ours without LightGBM, the peer's without our layer."""
    python, path = (sys.executable, ROOT / "layers" / "core" / "python") if side == "ours" else (PYTHON, ROOT)
    command = [python, ROOT / "benchmarks" / "one_row.py", side, folder]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(path)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)  # noqa: S603  # ours
    if done.returncode:
        raise NotComparable(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout or "{}")
    return answer


def main() -> None:
    """Run the suite."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = options.parse_args().rounds
    world = make_world()
    gc.freeze()  # as the handler does once it is warm
    hybrid = make_world(trees=("discover",))
    gc.freeze()
    write("serving", [*warm(world), *warm(hybrid, models="_hybrid"), *one_row(rounds), *cold(world, rounds)])


if __name__ == "__main__":
    main()
