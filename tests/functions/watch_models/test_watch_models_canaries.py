"""`watch_models` on canaries: who is promoted, who is rolled back, who goes on."""

from dataclasses import replace

import numpy as np

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.decisions.decision import unknown_person
from addressee.models.canary import CanarySettings
from addressee.models.registry import challenged, in_canary
from addressee.models.tables import CLICKS_72H, Sends
from functions.watch_models.handler import handle
from tests.functions.watch_models.watched_models import (
    DAY_MS,
    EVENT,
    NOW_MS,
    bundle_of,
    lines,
    put_tables,
    report_of,
    wire,
)


def with_canary(s3, tables, *, click_rates, share=0.5):
    """Run a canary of `buy_again` since eight days, with mails to everybody, clicked at a rate by arm."""
    challenger = bundle_of(tables, "buy_again", recipe=-1)
    registry, rng = S3Registry(S3Bucket("models", s3)), np.random.default_rng(3)
    since_ms = NOW_MS - 8 * DAY_MS
    version = challenger.version if challenger.version != registry.pointers()["buy_again"].champion else "2024-10-04-x"
    for name, body in challenger.files.items():
        s3.objects["models", f"models/buy_again/{version}/{name}"] = body
    registry.change(lambda pointers: challenged(pointers, "buy_again", version, share=share, now_ms=since_ms))
    mails = 20
    subject = np.repeat(np.arange(400, dtype=np.int32), mails)
    arm = np.array([in_canary(each, "buy_again", version, share) for each in tables.subjects])
    clicked = rng.random(len(subject)) < np.where(arm[subject], click_rates[1], click_rates[0])
    labels = {name: clicked if name == CLICKS_72H else np.zeros_like(clicked) for name in tables.sends.labels}
    known = {name: np.ones_like(clicked) for name in labels}
    sends = Sends(
        np.zeros((len(subject), len(tables.metadata.feature_names))),
        subject,
        np.full(len(subject), since_ms + 1),
        np.zeros(len(subject), np.int32),
        labels,
        known,
    )
    put_tables(s3, replace(tables, sends=sends))
    return version


CANARY = CanarySettings(canary_days=7.0, least_mails=1_000)


def test_a_canary_that_people_click_less_is_rolled_back(s3, tables, capsys):
    """Half as many clicks: the pointer forgets it, the metric rings."""
    version = with_canary(s3, tables, click_rates=(0.2, 0.1))
    before = S3Registry(S3Bucket("models", s3)).pointers()["buy_again"].champion
    answer = handle(EVENT, None, wire(s3, canary=CANARY))
    assert answer["canaries"]["buy_again"]["action"] == "roll back"
    pointer = S3Registry(S3Bucket("models", s3)).pointers()["buy_again"]
    assert (pointer.champion, pointer.challenger, pointer.state(version)) == (before, "", "withdrawn")
    line = lines(capsys)[-1]
    assert (line["CanaryRolledBack"], line["CanaryPromoted"]) == (1, 0)
    assert "click surely less" in line["canaries"]["buy_again"]
    assert handle(EVENT, None, wire(s3, canary=CANARY))["canaries"] == {}


def test_a_canary_that_does_as_well_is_promoted(s3, tables, capsys):
    """After its days, with mails enough."""
    version = with_canary(s3, tables, click_rates=(0.2, 0.2))
    answer = handle(EVENT, None, wire(s3, canary=CANARY))
    assert answer["canaries"]["buy_again"]["action"] == "promote"
    assert S3Registry(S3Bucket("models", s3)).pointers()["buy_again"].champion == version
    assert lines(capsys)[-1]["CanaryPromoted"] == 1


def test_a_canary_whose_model_fails_is_rolled_back_without_any_mail(s3, tables):
    """Decisions name the models that failed; only those since the canary began count, by arm."""
    version = with_canary(s3, tables, click_rates=(0.2, 0.2))
    put_tables(s3, tables)
    decisions = []
    for subject in tables.subjects:
        chosen = in_canary(subject, "buy_again", version, 0.5)
        made = replace(unknown_person(subject, "spring", now_ms=NOW_MS - DAY_MS), models={"buy_again": "v"})
        decisions.append(replace(made, faults={"buy_again": "NotLoaded"}) if chosen else made)
        decisions.append(replace(made, campaign="winter", decided_at_ms=1))
    answer = handle(EVENT, None, wire(s3, canary=CANARY, decisions=decisions))
    verdict = answer["canaries"]["buy_again"]
    assert verdict["action"] == "roll back"
    assert "failed" in verdict["reason"]
    assert verdict["challenger"] == version
    assert verdict["arms"]["challenger"]["faults"] == verdict["arms"]["challenger"]["decisions"] > 150
    assert verdict["arms"]["champion"]["faults"] == 0
    assert sum(arm["decisions"] for arm in verdict["arms"].values()) == 400


def test_a_canary_too_young_goes_on(s3, tables):
    """Nothing changes; the report says how far it is."""
    version = with_canary(s3, tables, click_rates=(0.2, 0.2))
    answer = handle(EVENT, None, wire(s3, canary=CanarySettings(canary_days=30.0)))
    assert answer["canaries"]["buy_again"]["action"] == "keep"
    assert S3Registry(S3Bucket("models", s3)).pointers()["buy_again"].challenger == version
    assert report_of(s3)["canaries"]["buy_again"]["reason"].startswith("8.")
