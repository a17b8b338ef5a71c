"""Everything a deployer may choose, read once from cdk.json's context into one frozen value."""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from infra.setting_rules import (
    Reader,
    Unusable,
    choice,
    days_by_category,
    flag,
    labels_by_name,
    number,
    number_of,
    share,
    text,
    texts,
    time_zone,
)

CONTEXT = "addressee"
LAMBDA_TARGET = ("arm64", "python3.14")
"""What the layers of the setting `layers: arm64` run on: binary packages fit one architecture and one Python."""

EXPRESSION = "must be an EventBridge expression, cron(...) or rate(...)"
SCHEDULE = text(r"(cron|rate)\(.+\)", EXPRESSION)
MEMORY = number(128, 10_240, "MB; a fresh account allows 3008")
LOG_DAYS = number_of((1, 3, 7, 14, 30, 60, 90, 180, 365), "days")
HOURS = r"([01]?\d|2[0-3])-([01]?\d|2[0-3])"
ADDRESS = r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}"
SENDER = text(
    # A name with any other sign would have to be quoted in the header.
    rf"[^\s<>()\[\]:;@\\,\"][^\r\n<>()\[\]:;@\\,\"]{{0,63}} <{ADDRESS}>|{ADDRESS}",
    "is required: whom mails come from, such as Example Shop <mail@shop.example.com>",
)
POSTAL_ADDRESS = text(
    r"[^\s][^\r\n]{8,198}[^\s]",
    "is required: the sender's postal address in one line, as the law wants it in every mail",
)
LINKS_URL = text(
    r"((https://[A-Za-z0-9.-]+|https?://localhost)(:\d+)?(/[A-Za-z0-9._~/-]*[A-Za-z0-9_~-])?)?",
    "must be https:// and a host, with or without a path, no slash at the end; empty for the API's own address",
)
TOPICS = labels_by_name(
    r"[a-z0-9_]{1,32}", 'must be an object of label by topic such as {"news": "News and offers"}, topics in a-z, 0-9, _'
)
TRAITS = texts(r"[a-z][a-z0-9_]{0,39}", 'must be a list of traits such as ["age_group", "gender"]')
MODEL_TRAITS = texts(r"(age|gender|country)", 'must be a list of "age", "gender", "country"')


class InvalidSetting(Exception):
    """A setting cannot be used; the message names every such setting with its reason."""


def _setting(reader: Reader, default: Any) -> Any:  # noqa: ANN401  # typed by the field, as with dataclasses.field
    return field(default_factory=lambda: default, metadata={"reader": reader})


def _required(reader: Reader) -> Any:  # noqa: ANN401
    """Declare a setting that cdk.json ships empty: absent or empty, it is refused by its own rule."""
    return field(default="", metadata={"reader": reader, "required": True})


@dataclass(frozen=True)
class Settings:
    """The deployment's settings; cdk.json's object `addressee` holds the same names."""

    stage: str = _setting(text(r"[a-z0-9]{0,12}", "must be at most 12 of a-z and 0-9; empty for the only stage"), "")
    retain: bool = _setting(flag(), default=True)
    runtime: str = _setting(text(r"python3\.\d{1,2}", "must be a Lambda runtime such as python3.14"), "python3.14")
    architecture: str = _setting(choice("arm64", "x86_64"), "arm64")
    layers: str = _setting(choice("arm64", "host"), "arm64")
    request_memory_mb: int = _setting(MEMORY, 1024)
    queue_memory_mb: int = _setting(MEMORY, 512)
    stream_memory_mb: int = _setting(MEMORY, 1024)
    batch_memory_mb: int = _setting(MEMORY, 3008)
    log_retention_days: int = _setting(LOG_DAYS, 30)
    shards: str = _setting(choice("provisioned", "on-demand"), "provisioned")
    shard_count: int = _setting(number(1, 200, "shards"), 1)
    compact_schedule: str = _setting(SCHEDULE, "cron(30 0 * * ? *)")
    retrain: str = _setting(choice("daily", "weekly", "fortnightly"), "daily")
    retrain_hour: int = _setting(number(0, 23, "(an hour)"), 2)
    learn_time_zone: str = _setting(time_zone(), "UTC")
    learn_schedule: str = _setting(text(r"((cron|rate)\(.+\))?", f"{EXPRESSION}, or empty"), "")
    watch_schedule: str = _setting(SCHEDULE, "cron(30 6 * * ? *)")
    drift_psi: float = _setting(share(1.0), 0.2)
    drift_rate: float = _setting(share(0.2), 0.01)
    retrain_on_drift: bool = _setting(flag(), default=True)
    drift_retrain_days: int = _setting(number(1, 90, "days"), 7)
    train_models_image: bool = _setting(flag(), default=False)
    fairness_traits: tuple[str, ...] = _setting(TRAITS, ("age_group", "gender"))
    model_traits: tuple[str, ...] = _setting(MODEL_TRAITS, ("age", "gender", "country"))
    fairness_mitigation: str = _setting(choice("none", "reweigh", "thresholds"), "none")
    tuning_trials: int = _setting(number(0, 200, "trials for each family of models"), 0)
    tier_high: float = _setting(share(1.0), 0.75)
    tier_medium: float = _setting(share(1.0), 0.4)
    canary_share: float = _setting(share(0.5), 0.1)
    canary_days: int = _setting(number(1, 90, "days"), 7)
    cors_origins: tuple[str, ...] = _setting(
        texts(r"\*|https?://[^/*\s]+", "must be a list of origins such as https://example.com, or of *"), ("*",)
    )
    throttle_rate_per_second: int = _setting(number(1, 10_000, "requests a second"), 200)
    throttle_burst: int = _setting(number(1, 5_000, "requests"), 400)
    alarm_email: str = _setting(text(r"([^@\s]+@[^@\s]+)?", "must be an address, or empty for none"), "")
    repurchase_days: Mapping[str, int] = _setting(days_by_category(), {"*": 1})
    cap_per_day: int = _setting(number(0, 100, "mails"), 1)
    cap_per_week: int = _setting(number(0, 500, "mails"), 3)
    default_hour: int = _setting(number(0, 23, "(an hour)"), 10)
    quiet_hours: str = _setting(text(HOURS, "must be two hours such as 21-8"), "21-8")
    default_time_zone: str = _setting(time_zone(), "UTC")
    diversity: float = _setting(share(1.0), 0.1)
    sender: str = _required(SENDER)
    postal_address: str = _required(POSTAL_ADDRESS)
    create_identity: bool = _setting(flag(), default=True)
    links_url: str = _setting(LINKS_URL, "")
    tracking: str = _setting(choice("ours", "ses"), "ours")
    topics: Mapping[str, str] = _setting(TOPICS, {})
    holdout_share: float = _setting(share(0.5), 0.1)
    default_locale: str = _setting(text(r"[a-z]{2,3}(-[A-Z]{2})?", "must be a locale such as en-US"), "en-US")
    send_concurrency: int = _setting(number(2, 1_000, "functions at a time"), 2)
    send_timeout_seconds: int = _setting(number(5, 120, "seconds for a batch of ten mails"), 30)
    unknown_after_minutes: int = _setting(number(1, 10_080, "minutes"), 1_440)
    soft_bounce_limit: int = _setting(number(1, 100, "soft bounces"), 5)

    @property
    def prefix(self) -> str:
        """Return what the names of functions, log groups and alarms begin with."""
        return f"addressee-{self.stage}" if self.stage else "addressee"

    @property
    def sender_address(self) -> str:
        """Return the sender without the name before it."""
        return self.sender.rpartition("<")[2].rstrip(">")

    @property
    def sender_domain(self) -> str:
        """Return the domain of the sender's address: the identity that SES verifies."""
        return self.sender_address.rpartition("@")[2].lower()


def read_settings(context: Callable[[str], Any]) -> Settings:
    """Read the context object `addressee`; `-c addressee_<name>=<value>` on the command line outweighs it.

    Raises `InvalidSetting`, which names all unusable settings at once, those that do not exist among them.
    """
    given = context(CONTEXT) or {}
    if not isinstance(given, Mapping):
        raise InvalidSetting(f"{CONTEXT}: must be an object")
    known = {each.name: each for each in fields(Settings)}
    problems = [f"{name}: is no setting" for name in given if name not in known]
    values: dict[str, Any] = {}
    for name, each in known.items():
        override = context(f"{CONTEXT}_{name}")
        try:
            values |= _read(each, given.get(name) if override is None else override)
        except Unusable as reason:
            problems.append(f"{name}: {reason}")
    if problems:
        raise InvalidSetting("; ".join(problems))
    settings = Settings(**values)
    if settings.layers == "arm64" and (settings.architecture, settings.runtime) != LAMBDA_TARGET:
        raise InvalidSetting("layers: arm64 layers need architecture arm64 and runtime python3.14; they fit no other")
    if settings.tier_medium > settings.tier_high:
        raise InvalidSetting(f"tier_medium: must not be above tier_high, {settings.tier_high:g}: nobody would be high")
    return settings


def _read(each: "Field[Any]", value: Any) -> dict[str, Any]:  # noqa: ANN401
    given = "" if value is None and each.metadata.get("required") else value
    return {} if given is None else {each.name: each.metadata["reader"](given)}
