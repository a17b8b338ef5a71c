"""Settings: cdk.json holds them all, and a wrong one is answered with field and reason."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from infra.settings import InvalidSetting, Settings, read_settings
from tests.infra.conftest import CONTEXT, SENDER, synthesise

SHOP = {"sender": "Example Shop <mail@shop.example.com>", "postal_address": "1 Example Street, 12345 Example City"}


def _read(given: Any, **overrides: str) -> Settings:
    if isinstance(given, dict):
        given = SHOP | given
    context = {"addressee": given} | {f"addressee_{name}": value for name, value in overrides.items()}
    return read_settings(context.get)


def test_cdk_json_holds_every_setting_at_its_default():
    """A deployer sees all there is to choose."""
    assert set(CONTEXT["addressee"]) == {each.name for each in fields(Settings)}
    assert read_settings((CONTEXT | SENDER).get) == Settings(**SHOP)


@pytest.mark.parametrize("shipped", [CONTEXT, {"addressee": {}}])
def test_who_sends_is_asked_for_in_one_clear_line(shipped: dict[str, Any]):
    """Nobody deploys without a sender and a postal address; both are named at once, empty or left out."""
    with pytest.raises(InvalidSetting, match=r"^sender: is required: .*; postal_address: is required: .*") as told:
        read_settings(shipped.get)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("stage", "Test stage", "must be at most 12 of a-z and 0-9"),
        ("retain", "yes", "must be true or false"),
        ("runtime", "nodejs24.x", "must be a Lambda runtime"),
        ("architecture", "mips", "must be one of arm64, x86_64"),
        ("batch_memory_mb", 64, "must be 128 to 10240 MB"),
        ("batch_memory_mb", True, "must be 128 to 10240 MB"),
        ("log_retention_days", 29, "must be one of 1, 3, 7"),
        ("learn_schedule", "daily", "must be an EventBridge expression"),
        ("watch_schedule", "", "must be an EventBridge expression"),
        ("retrain", "monthly", "must be one of daily, weekly, fortnightly"),
        ("retrain_hour", 24, "must be 0 to 23"),
        ("drift_psi", 2, "must be a share from 0 to 1.0"),
        ("drift_rate", 0.5, "must be a share from 0 to 0.2"),
        ("drift_retrain_days", 0, "must be 1 to 90 days"),
        ("learn_time_zone", "Mars/Olympus", "must be an IANA time zone"),
        ("cors_origins", "https://example.com/shop", "must be a list of origins"),
        ("cors_origins", ["https://example.com/shop"], "must be a list of origins"),
        ("alarm_email", "nobody", "must be an address"),
        ("repurchase_days", {"sofas": 365}, 'must be an object of days by category with "*"'),
        ("repurchase_days", {"*": -1}, "must be 0 to 3650 days"),
        ("quiet_hours", "21-24", "must be two hours"),
        ("default_hour", 24, "must be 0 to 23"),
        ("colour", "blue", "is no setting"),
        ("stage", 7, "must be at most 12 of a-z and 0-9"),
        ("sender", "Example Shop", "is required: whom mails come from"),
        ("sender", "Shop, Inc. <mail@shop.example.com>", "is required: whom mails come from"),
        ("sender", "Shop\r\nBcc: a@example.com <mail@shop.example.com>", "is required: whom mails come from"),
        ("postal_address", "somewhere", "is required: the sender's postal address in one line"),
        ("postal_address", "1 Example Street\n12345 Example City", "is required: the sender's postal address"),
        ("links_url", "http://links.example.com", "must be https:// and a host"),
        ("links_url", "https://links.example.com/", "must be https:// and a host"),
        ("tracking", "none", "must be one of ours, ses"),
        ("topics", {"News!": "News"}, "must be an object of label by topic"),
        ("topics", {"news": " "}, "must be an object of label by topic"),
        ("holdout_share", 0.6, "must be a share from 0 to 0.5"),
        ("holdout_share", True, "must be a share from 0 to 0.5"),
        ("fairness_traits", ["Age group"], "must be a list of traits"),
        ("canary_share", 0.6, "must be a share from 0 to 0.5"),
        ("canary_days", 0, "must be 1 to 90 days"),
        ("default_locale", "english", "must be a locale such as en-US"),
        ("send_concurrency", 1, "must be 2 to 1000 functions at a time"),
        ("unknown_after_minutes", 0, "must be 1 to 10080 minutes"),
        ("alarm_email", ["ops@example.com"], "must be an address"),
    ],
)
def test_a_wrong_setting_is_named_with_its_reason(name: str, value: object, reason: str):
    """The message says which and why."""
    with pytest.raises(InvalidSetting, match=f"^{name}: {reason}".replace("*", r"\*")):
        _read({name: value})


@pytest.mark.parametrize("other", [{"runtime": "python3.13"}, {"architecture": "x86_64"}])
def test_layers_that_would_not_load_are_refused_before_they_are_deployed(other: dict[str, str]):
    """Binary packages fit one Python and one architecture; on another every function would fail at import."""
    with pytest.raises(InvalidSetting, match=r"^layers: arm64 layers need architecture arm64 and runtime python3\.14"):
        _read(other)
    assert _read({**other, "layers": "host"}).layers == "host"


def test_all_wrong_settings_are_named_at_once():
    """One synth is enough to learn of all of them."""
    with pytest.raises(InvalidSetting, match=r"cap_per_day: .*; quiet_hours: "):
        _read({"cap_per_day": -1, "quiet_hours": ""})


@pytest.mark.parametrize(
    ("sender", "address", "domain"),
    [
        ("Example Shop <mail@shop.example.com>", "mail@shop.example.com", "shop.example.com"),
        ("Müller & Töchter <News@shop.example.com>", "News@shop.example.com", "shop.example.com"),
        ("mail@example.com", "mail@example.com", "example.com"),
    ],
)
def test_a_sender_has_an_address_and_a_domain(sender: str, address: str, domain: str):
    """With a name before it or without."""
    settings = _read({"sender": sender})
    assert (settings.sender_address, settings.sender_domain) == (address, domain)


def test_settings_that_are_no_object_are_refused():
    """A list is no set of settings."""
    with pytest.raises(InvalidSetting, match="addressee: must be an object"):
        _read(["stage"])


def test_the_command_line_outweighs_cdk_json():
    """`-c addressee_<name>=<value>` gives text; it is read as the setting's type."""
    settings = _read(
        {"retain": True, "shard_count": 1},
        retain="false",
        shard_count="3",
        cors_origins='["https://example.com"]',
        repurchase_days='{"*": 1, "sofas": 365}',
        topics='{"news": "News and offers"}',
        holdout_share="0.2",
        create_identity="false",
    )
    assert (settings.topics, settings.holdout_share, settings.create_identity) == (
        {"news": "News and offers"},
        0.2,
        False,
    )
    assert (settings.retain, settings.shard_count) == (False, 3)
    assert settings.cors_origins == ("https://example.com",)
    assert settings.repurchase_days == {"*": 1, "sofas": 365}


def test_a_test_stage_is_named_thrown_away_and_clean_too(tmp_path: Path):
    """Other settings change what they say and nothing else; cdk-nag has nothing to add."""
    made = synthesise(
        tmp_path,
        stage="test",
        retain="false",
        shards="on-demand",
        runtime="python3.11",
        layers="host",
        alarm_email="ops@example.com",
    )
    assert all(name.startswith("addressee-test-") for name in made.functions)
    assert {each["DeletionPolicy"] for each in made.data["Resources"].values() if "DeletionPolicy" in each} == {
        "Delete"
    }
    (stream,) = made.of_type("AWS::Kinesis::Stream").values()
    assert stream["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
    subscription = made.one("AWS::SNS::Subscription", "Alarms")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")
    assert made.violations == []


def test_the_tiers_of_a_propensity_do_not_change_places():
    """Medium from above high on would leave nobody high."""
    assert _read({"tier_high": 0.5, "tier_medium": 0.5}).tier_medium == 0.5
    with pytest.raises(InvalidSetting, match=r"^tier_medium: must not be above tier_high, 0\.3"):
        _read({"tier_high": 0.3, "tier_medium": 0.31})
