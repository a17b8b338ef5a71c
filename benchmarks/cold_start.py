"""Import a handler in this fresh process, answer once, say how long it took and how much memory it holds.

python benchmarks/cold_start.py <event file> <import path>...
"""

from time import perf_counter

BEGUN = perf_counter()

import json  # noqa: E402  # the clock runs first
import sys  # noqa: E402

sys.path[:0] = sys.argv[2:]

from handler import handle  # type: ignore[import-not-found]  # noqa: E402  # of whichever stack is on the path

with open(sys.argv[1], encoding="utf-8") as sample:  # noqa: PTH123  # pathlib is an import more
    answer = handle(json.load(sample), None)
MILLISECONDS = (perf_counter() - BEGUN) * 1000

# The peak of this process alone: `ru_maxrss` would inherit that of the one that started it.
with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
RSS_MB = int(peak) * 1024 / 1e6
found = len(json.loads(answer["body"]).get("products", ()))
sys.stderr.write(
    json.dumps({"status": answer["statusCode"], "products": found, "ms": MILLISECONDS, "MB": RSS_MB}) + "\n"
)
