"""What a mail adds to somebody's chance to buy, without numpy: the families `two_models` and `transformed`."""

from collections.abc import Mapping, Sequence
from typing import Any

from addressee.models.ranking import Sections
from addressee.models.scorers import SCORER_FAMILIES, check_width, sigmoid, stretched, thresholds

MAILED, HELD, WHOLE = "m_", "h_", "t_"
"""What the sections' names of each part begin with."""


class _Part:
    """A scorer inside of another one: its probability, and what each feature adds to it."""

    def __init__(self, prefix: str, sections: Sections, settings: Mapping[str, Any]) -> None:
        own = {name.removeprefix(prefix): values for name, values in sections.items() if name.startswith(prefix)}
        about = settings["parts"][prefix]
        self._scorer = SCORER_FAMILIES[about["family"]](own, about["settings"])
        self.expected = sigmoid(self._scorer.expected)

    def score(self, features: Sequence[float]) -> float:
        return float(self._scorer.score(features))

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return SHAP values, stretched from log-odds so that they add up to the probability less `expected`."""
        total, slope = self.score(features) - self.expected, self.expected * (1.0 - self.expected)
        return stretched(self._scorer.explain(features), total, slope)


class TwoModels:
    """The chance to buy with a mail less the chance without one, each by a model of its own (Hansotia, Rukstales 2002).

    The answer lies between -1 and 1; below 0 a mail does harm.
    """

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read the sections of two scorers, and `parts` of the settings: family and settings of each, by prefix.

        The setting `gains` holds the least uplift of each tier: those of probabilities do not fit differences.
        """
        self._width = int(settings["features"])
        self._mailed, self._held = _Part(MAILED, sections, settings), _Part(HELD, sections, settings)
        self.expected = self._mailed.expected - self._held.expected
        self.thresholds = thresholds({"thresholds": settings["gains"]})

    def score(self, features: Sequence[float]) -> float:
        """Return the difference for one vector. Raises `WrongFeatures` where its length differs."""
        check_width(features, self._width)
        return self._mailed.score(features) - self._held.score(features)

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return what each feature adds to the difference; `expected` and they add up to it."""
        check_width(features, self._width)
        pairs = zip(self._mailed.explain(features), self._held.explain(features), strict=True)
        return [with_mail - without for with_mail, without in pairs]


class Transformed:
    """One model of "bought with a mail, or did not without" (Jaskowski and Jaroszewicz 2012): 2 p - 1 is the uplift."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read the sections of one scorer, and `parts` of the settings, as `TwoModels` does."""
        self._width = int(settings["features"])
        self._whole = _Part(WHOLE, sections, settings)
        self.expected = 2.0 * self._whole.expected - 1.0
        self.thresholds = thresholds({"thresholds": settings["gains"]})

    def score(self, features: Sequence[float]) -> float:
        """Return the uplift for one vector. Raises `WrongFeatures` where its length differs."""
        check_width(features, self._width)
        return 2.0 * self._whole.score(features) - 1.0

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return what each feature adds to the uplift; `expected` and they add up to it."""
        check_width(features, self._width)
        return [2.0 * value for value in self._whole.explain(features)]
