"""Trees as they are served as scorers: LightGBM's sum of leaves, scikit-learn's mean of leaves."""

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from addressee.models.ranking import Sections
from addressee.models.scorers import LINKS, calibration, check_width, log_odds, stretched, thresholds
from addressee.models.trees import Trees

_LEAST_SPREAD = 1e-9


class BoostedTrees:
    """LightGBM's trees: the sum of a leaf of each, then the objective's link, then the calibration."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `trees.Trees`' sections, and the settings that `pack_trees` makes."""
        self._width, self._divisor = int(settings["features"]), int(settings["divisor"])
        self._trees = Trees(sections, width=self._width)
        self._slope = float(settings["slope"])
        self._link = LINKS[settings["objective"]]
        self.expected = self._trees.expected / self._divisor * self._slope
        self._calibrate = calibration(sections)
        self.thresholds = thresholds(settings) if settings["objective"] == "sigmoid" else {}

    def score(self, features: Sequence[float]) -> float:
        """Return the probability (or amount) for one vector. Raises `WrongFeatures` where its length differs."""
        check_width(features, self._width)
        return self._calibrate(self._link(self._trees.total(array("d", features)) / self._divisor * self._slope))

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return the SHAP values of one vector, before link and calibration: log-odds for a probability."""
        check_width(features, self._width)
        scale = self._slope / self._divisor
        return [value * scale for value in self._trees.contributions(array("d", features))]


class Forest:
    """scikit-learn's random forest: the mean of a leaf of each tree; it reads float32 values."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `trees.Trees`' sections, and the settings that `pack_forest` makes."""
        self._width, self._divisor = int(settings["features"]), int(settings["divisor"])
        self._trees = Trees(sections, width=self._width)
        self._mean = self._trees.expected / self._divisor
        self._is_chance = settings["objective"] == "probability"
        self.expected = log_odds(self._mean) if self._is_chance else self._mean
        self._calibrate = calibration(sections)
        self.thresholds = thresholds(settings) if self._is_chance else {}

    def score(self, features: Sequence[float]) -> float:
        """Return the mean for one vector. Raises `WrongFeatures` where its length differs."""
        check_width(features, self._width)
        return self._calibrate(self._trees.total(array("d", array("f", features))) / self._divisor)

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return SHAP values of the mean; of a probability, stretched so that they add up to log-odds less expected."""
        check_width(features, self._width)
        summed = self._trees.contributions(array("d", array("f", features)))
        given = [value / self._divisor for value in summed]
        if not self._is_chance:
            return given
        slope = 1.0 / max(self._mean * (1.0 - self._mean), _LEAST_SPREAD)
        return stretched(given, log_odds(self._mean + sum(given)) - self.expected, slope)
