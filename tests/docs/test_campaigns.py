"""docs/api-campaigns.md: its example is accepted, its table names every field, its reasons are those of the code."""

import json
import re
from pathlib import Path

from addressee.decisions.campaign import Campaign
from addressee.emails import recheck
from addressee.emails.campaign_request import FIELDS, Defaults, read_email_campaign
from addressee.emails.plan import HOLDOUT, NO_HOUR
from addressee.emails.states import STATES
from functions.plan_campaign.handler import COUNTED_AT_ONCE

PAGE = Path("docs/api-campaigns.md").read_text(encoding="utf-8")
REQUEST, ANSWER = PAGE.partition("## `GET ")[0], PAGE.partition("## `GET ")[2]
JANUARY_31 = 1_769_860_800_000


def test_the_example_is_a_campaign():
    """As it stands on the page."""
    (example,) = re.findall(r"(?s)## `POST /v1/campaigns`\n\n( {4}\{.*?\})\n\n", PAGE)
    defaults = Defaults(Campaign("default"), {"news": "News"}, 0.1)
    campaign = read_email_campaign(json.loads(example), defaults, template_version="", now_ms=JANUARY_31)
    assert campaign.segment == ("rfm_tiers", "loyal")
    assert set(json.loads(example)) == FIELDS - {"holdoutSalt"}


def test_every_field_has_its_row():
    """And every row its field."""
    rows = re.findall(r"(?m)^\| (`[^|]+) \|", REQUEST)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == FIELDS


def test_the_reasons_are_those_of_the_code():
    """Of skipped rows; and the states are all of them."""
    (skipped,) = re.findall(r"`skipped` for ((?:`[a-z_]+`(?:, )?)+);", ANSWER)
    known = {recheck.CANCELLED, recheck.EXPIRED, recheck.NO_ADDRESS, recheck.MERGED, *recheck.REASONS.values()}
    known |= {HOLDOUT, NO_HOUR}
    assert set(re.findall(r"`([a-z_]+)`", skipped)) == known
    (counts,) = re.findall(r'"counts": (\{[^}]*\})', ANSWER)
    assert tuple(json.loads(counts)) == STATES
    assert f"{COUNTED_AT_ONCE:,}" in ANSWER
