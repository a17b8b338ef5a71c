"""Which arm of an experiment a person is in: the same one for ever, without anything stored."""

from hashlib import sha256

from addressee.decisions.campaign import Arm, Campaign

_DIGEST_BYTES = 8


def arm_of(campaign: Campaign, subject: str) -> Arm:
    """Return the arm whose share of [0, 1) holds the hash of campaign and subject: uniform, independent by campaign.

    The arm's share is its propensity. Where shares sum to less than 1 the last arm takes the rest.
    """
    digest = sha256(f"{campaign.campaign_id}:{subject}".encode()).digest()[:_DIGEST_BYTES]
    point = int.from_bytes(digest, "big") / 256**_DIGEST_BYTES
    for arm in campaign.arms:
        point -= arm.share
        if point < 0:
            return arm
    return campaign.arms[-1]
