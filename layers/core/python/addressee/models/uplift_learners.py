"""Learners of uplift from people who were mailed or held out by chance: two models, or one of a transformed class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from addressee.models.candidates import Lesson, learn
from addressee.models.kind import Fitted, Recipe
from addressee.models.scored_rows import score_rows
from addressee.models.tables import Flags, Floats
from addressee.models.uplift_scorers import HELD, MAILED, WHOLE

TWO_MODELS, TRANSFORMED = "two_models", "transformed"
Parts = Mapping[str, Fitted]


@dataclass(frozen=True)
class Trial:
    """n people: `features` [n, F], whether they were `mailed` by chance, and whether they then `bought`.

    `share` [n] is the chance that each had to be mailed: campaigns hold out different shares of different people.
    `categorical` are the features' columns that hold categories.
    """

    features: Floats
    mailed: Flags
    bought: Flags
    share: Floats
    categorical: Sequence[int] = ()

    @property
    def weights(self) -> Floats:
        """Return weights [n] under which both groups are alike; see `alike`."""
        return alike(self.mailed, self.share)


def alike(mailed: Flags, share: Floats) -> Floats:
    """Return the inverse of each row's chance to be in its group, over the mean of such chances: 1 for equal shares.

    Rows of campaigns that hold out much would be rarer among the mailed than among the held out (Robins et al. 2000,
    stabilised weights).
    """
    common = float(share.mean()) if len(share) else 0.5
    return np.where(mailed, common / share, (1.0 - common) / (1.0 - share))


def learn_uplift(recipe: Recipe, trial: Trial, *, seed: int) -> Fitted:
    """Fit the recipe's `learner`, of models as `candidates.learn` knows them. The same input gives the same arrays."""
    parts = _LEARNERS[recipe["learner"]](recipe, trial, seed)
    sections = {f"{prefix}{name}": values for prefix, part in parts.items() for name, values in part.sections.items()}
    about = {prefix: {"family": part.family, "settings": dict(part.settings)} for prefix, part in parts.items()}
    return Fitted(recipe, {"features": trial.features.shape[1], "parts": about}, sections, recipe["learner"])


def _two_models(recipe: Recipe, trial: Trial, seed: int) -> Parts:
    arms = {MAILED: trial.mailed, HELD: ~trial.mailed}
    return {prefix: learn(recipe, _lesson(trial).where(arm), seed=seed) for prefix, arm in arms.items()}


def _transformed(recipe: Recipe, trial: Trial, seed: int) -> Parts:
    """Weigh the groups alike: then the chance that somebody did as their group should is (1 + uplift) / 2."""
    weights = np.where(trial.mailed, 0.5 / trial.share, 0.5 / (1.0 - trial.share))
    lesson = Lesson(trial.features, trial.bought == trial.mailed, weights, trial.categorical)
    return {WHOLE: learn(recipe, lesson, seed=seed)}


_LEARNERS: Mapping[str, Any] = {TWO_MODELS: _two_models, TRANSFORMED: _transformed}


def _lesson(trial: Trial) -> Lesson:
    return Lesson(trial.features, trial.bought, trial.weights, trial.categorical)


def buys_anyway(recipe: Recipe, trial: Trial, *, seed: int) -> Fitted:
    """Fit the chance to buy without a mail: what is mistaken for uplift."""
    return learn(recipe, _lesson(trial).where(~trial.mailed), seed=seed)


def uplift_rows(fitted: Fitted, features: Floats) -> Floats:
    """Return what a mail adds to the chance, for each row of [n, F]; equal to serving one by one."""
    scores = {prefix: score_rows(_part(fitted, prefix), features) for prefix in fitted.settings["parts"]}
    return scores[MAILED] - scores[HELD] if fitted.family == TWO_MODELS else 2.0 * scores[WHOLE] - 1.0


def _part(fitted: Fitted, prefix: str) -> Fitted:
    about = fitted.settings["parts"][prefix]
    own = {name.removeprefix(prefix): part for name, part in fitted.sections.items() if name.startswith(prefix)}
    return Fitted(fitted.recipe, about["settings"], own, about["family"])
