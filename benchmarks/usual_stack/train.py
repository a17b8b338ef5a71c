"""Train the peer's model on simulated data: 200 trees of 31 leaves over 40 features; prints LightGBM's text form."""

import sys

import lightgbm
import numpy as np


def main() -> None:
    """Train with a fixed seed, so that every run loads the same model."""
    rng = np.random.default_rng(7)
    features = rng.normal(size=(20_000, 40))
    labels = (features[:, :8].sum(axis=1) + rng.normal(size=20_000) > 0).astype(int)
    settings = {"objective": "binary", "num_leaves": 31, "verbosity": -1, "num_threads": 1, "seed": 7}
    booster = lightgbm.train(settings, lightgbm.Dataset(features, labels), num_boost_round=200)
    sys.stdout.write(booster.model_to_string())


if __name__ == "__main__":
    main()
