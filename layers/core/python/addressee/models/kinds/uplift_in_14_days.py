"""`uplift_in_14_days`: by how much a mail raises a person's chance to order within two weeks."""

from collections.abc import Sequence

from addressee.models.uplift import Uplift

LIMITS: Sequence[str] = (
    "A difference of two chances, seldom more than a few points: it orders people, a single one's is not certain.",
    "Learned from campaigns that held people out by chance; without a holdout there is nothing to learn from.",
    "Of mails as they were: other contents, prices or hours may move other people.",
)
KIND = Uplift(
    name="uplift_in_14_days", title="what a mail adds to the chance of an order within 14 days", limits=LIMITS
)
