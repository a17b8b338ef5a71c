"""What all kinds that rank products share: cut-offs, exams, figures, the floor of popular products, sizes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from addressee.models.item_sections import POPULAR_DAYS
from addressee.models.kind import Answers, Audience, Cuts, Exam, Fitted, Metric, Role, Window
from addressee.models.product_exams import (
    METRICS,
    list_details,
    new_products,
    next_baskets,
    popular_answers,
    product_cuts,
    product_marks,
)
from addressee.models.tables import Floats, Tables

LEAST_PEOPLE = 50
"""Who has something to be found, in each window: intervals over fewer, or none at all, would say nothing."""


class ProductKind(ABC):
    """A kind that ranks products and is asked for those of the `horizon_days` after a cut-off.

    They are those of the next order, or, where a kind ranks `new_alone`, all that the person had never bought.
    """

    role: Role = "recommender"
    uses_features = False
    metrics: Sequence[Metric] = METRICS
    horizon_days: int
    new_alone = False

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return two windows of `horizon_days` at the end, or None where either has too few people to be asked."""
        cuts = product_cuts(tables, horizon_days=self.horizon_days)
        if cuts is None or any(len(self.exam(tables, window).person) < LEAST_PEOPLE for window in cuts):
            return None
        return cuts

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Ask for the products that the kind ranks."""
        ask = new_products if self.new_alone else next_baskets
        return ask(tables, window.first, days=self.horizon_days)

    @abstractmethod
    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:
        """Rank products for everybody; see `kind.Kind`."""

    def marks(self, exam: Exam, answers: Answers) -> Floats:
        """Return NDCG, recall, precision, and whether anything was ranked."""
        return product_marks(exam, answers.candidates)

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:  # noqa: ARG002  # the exam's own day
        """Rank by popularity what the kind ranks."""
        answers = popular_answers(tables, exam.audience, days=POPULAR_DAYS, unbought_only=self.new_alone)
        return product_marks(exam, answers.candidates)

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return the size of the model, and how different and diverse its lists are."""
        parts = {"products": "item_hash", "neighbours": "neighbour"}
        sizes = {name: len(fitted.sections[part]) for name, part in parts.items() if part in fitted.sections}
        return {"size": sizes, **list_details(tables, fitted, self.predict)}
