"""The peer of CDNOW's rows: `lifetimes` 0.11.3, run by a Python of its own. Customers in (JSON), parameters out.

Reads {frequency, recency, age, amount} from standard input; `amount` is the mean of repeat orders, 0 without any.
"""

import json
import sys

import numpy as np
from lifetimes import BetaGeoFitter, GammaGammaFitter  # type: ignore[import-not-found]  # the peer's own venv has it


def main() -> None:
    """Fit both models; say their parameters and the value of each customer in 39 weeks."""
    columns = {name: np.array(values) for name, values in json.load(sys.stdin).items()}
    frequency, amount = columns["frequency"], columns["amount"]
    days = BetaGeoFitter(penalizer_coef=0.0).fit(frequency, columns["recency"], columns["age"])
    repeat = frequency > 0
    worth = GammaGammaFitter(penalizer_coef=0.0).fit(frequency[repeat], amount[repeat])
    orders = days.conditional_expected_number_of_purchases_up_to_time(
        39.0, frequency, columns["recency"], columns["age"]
    )
    each = worth.conditional_expected_average_profit(frequency, amount)
    said = {
        "bg_nbd": [float(days.params_[name]) for name in ("r", "alpha", "a", "b")],
        "gamma_gamma": [float(worth.params_[name]) for name in ("p", "q", "v")],
        "value": (np.asarray(orders) * np.asarray(each)).tolist(),
    }
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
