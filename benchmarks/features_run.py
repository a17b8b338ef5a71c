"""Compute the declared features from Parquet files in this fresh process, as `prepare_features` does.

python -m benchmarks.features_run <folder> <cutoff | pairs> <answer.npz>: prints JSON with seconds and peak memory.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np

from addressee.adapters.duckdb_lake import connect
from addressee.profiles.offline import features_sql
from benchmarks.features_lake import DAY_MS, END_MS

MEMORY_MB = 900
_ASKED = f"""
CREATE TABLE asked AS
SELECT subject, {END_MS} - (hash(subject, moment) % (60 * {DAY_MS}::UBIGINT))::BIGINT AS as_of_ms
FROM (SELECT DISTINCT subject FROM events WHERE kind <> 'merge'), range(2) moments(moment)
"""  # noqa: S608  # constants
"""Two moments of each subject, within 60 days."""


def main() -> None:
    """Compute at the last moment of the lake, or for pairs of subject and time; write the features by name."""
    folder, form, answer = sys.argv[1:]
    with TemporaryDirectory() as spill, connect(Path(spill), memory_mb=MEMORY_MB) as lake:
        lake.read_parquet([str(path) for path in sorted(Path(folder).glob("*.parquet"))]).create_view("events")
        if form == "pairs":
            lake.execute(_ASKED)
        begun, cpu = perf_counter(), process_time()
        sql = features_sql(pairs="asked") if form == "pairs" else features_sql(as_of_ms=[END_MS])
        columns = lake.execute(sql).fetchnumpy()
        took = {
            "seconds": perf_counter() - begun,
            "cpu": process_time() - cpu,
            "rows": len(columns["subject"]),
            "MB": _peak_mb(),
        }
    arrays: dict[str, Any] = {
        name: np.ma.filled(column, np.nan) for name, column in columns.items() if name != "subject"
    }
    np.savez(answer, subject=np.array(columns["subject"], "S32"), **arrays)
    sys.stdout.write(json.dumps(took) + "\n")


def _peak_mb() -> float:
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
        (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(peak) * 1024 / 1e6


if __name__ == "__main__":
    main()
