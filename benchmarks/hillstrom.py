"""Hillstrom's e-mail experiment of 2008: 64,000 customers, mailed or not by chance, and who then visited.

The data are in no package: a CSV's path is given by whoever runs the benchmark.
"""

import csv
import gzip
from pathlib import Path

import numpy as np

from addressee.models.uplift_learners import Trial

WOMENS, NOBODY = "Womens E-Mail", "No E-Mail"
_ZIPS = ("Surburban", "Urban", "Rural")
_CHANNELS = ("Web", "Phone", "Multichannel")


def load(path: Path) -> Trial:
    """Read the women's mail against none; the outcome is a visit within two weeks. `path` may be gzipped."""
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    rows = [each for each in csv.DictReader(text.splitlines()) if each["segment"] in {WOMENS, NOBODY}]
    numbers = [
        [float(each[name]) for name in ("recency", "history", "mens", "womens", "newbie")]
        + [float(each["zip_code"] == name) for name in _ZIPS]
        + [float(each["channel"] == name) for name in _CHANNELS]
        for each in rows
    ]
    mailed, visited = [each["segment"] == WOMENS for each in rows], [each["visit"] == "1" for each in rows]
    return Trial(np.array(numbers), np.array(mailed), np.array(visited), np.full(len(mailed), np.mean(mailed)))
