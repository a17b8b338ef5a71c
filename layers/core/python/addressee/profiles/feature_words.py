"""Features in words: what a value of each declared feature says of a person, for explanations."""

from collections.abc import Callable, Mapping

from addressee.profiles.features import FEATURE_NAMES
from addressee.profiles.levels import NONE, level_of
from addressee.profiles.measures import NEVER_DAYS

Words = Callable[[float], str]
_MINOR_UNITS = 100.0


def said(name: str, value: float) -> str:
    """Return what a feature's value says. Raises `KeyError` for a feature that is not declared."""
    return "not known: " + name.replace("_", " ") if value != value else SENTENCES[name](value)  # noqa: PLR0124  # NaN


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 0.05 or abs(value) >= 100 else f"{value:,.1f}"  # noqa: PLR2004  # one digit is enough


def _ago(what: str) -> Words:
    return lambda value: f"never {what}" if value >= NEVER_DAYS else f"{what} {_days(value)} ago"


def _days(value: float) -> str:
    return "less than a day" if value < 1 else _many(value, "day")


def _many(value: float, one: str) -> str:
    number = _number(value)
    return f"{number} {one}" if number == "1" else f"{number} {one}s"


def _times(what: str, when: str = "") -> Words:
    return lambda value: f"{what} {_many(value, 'time')}{when}"


def _count(one: str, when: str = "") -> Words:
    return lambda value: f"{_many(value, one)}{when}"


def _money(what: str, when: str = "") -> Words:
    return lambda value: f"{what} {value / _MINOR_UNITS:,.2f}{when}"


def _share(what: str) -> Words:
    return lambda value: f"{value:.0%} {what}"


def _ratio(what: str) -> Words:
    return lambda value: f"{value:.2f} {what}"


def _trend(what: str) -> Words:
    return lambda value: f"{what} {_number(value)} times as often in the last week as over the quarter"


def _level(name: str, what: str, nothing: str) -> Words:
    def words(value: float) -> str:
        level = level_of(name, value)
        return nothing if level == NONE else f"{what} {level}"

    return words


def _calendar(what: str) -> Words:
    return lambda _: what


_LATELY = {days: f" lately (half-life {days} days)" for days in (7, 30, 90)}
_COUNTERS: Mapping[str, Callable[[str], Words]] = {
    "orders": lambda when: _times("ordered", when),
    "revenue": lambda when: _money("spent", when),
    "items": lambda when: _count("item", f" bought{when}"),
    "views": lambda when: _times("looked at products", when),
    "carts": lambda when: _times("put something into the cart", when),
    "opens": lambda when: _times("opened mails", when),
    "clicks": lambda when: _times("clicked in mails", when),
}
_OWN: Mapping[str, Words] = {
    "recency_days": _ago("ordered"),
    "orders_total": _times("ordered", " in all"),
    "monetary_total": _money("spent", " in all"),
    "basket_mean": _money("spends", " an order on average"),
    "basket_largest": _money("largest order was"),
    "items_per_order": _count("item", " an order on average"),
    "distinct_items": _count("different item", " bought"),
    "refund_share": _share("of the spending was refunded"),
    "tenure_days": _ago("first seen"),
    "customer_days": _ago("ordered for the first time"),
    "order_gap_days": lambda value: (
        "no rhythm of orders yet" if value >= NEVER_DAYS else f"orders every {_days(value)}"
    ),
    "overdue": lambda value: f"the last order is {_number(value)} usual gaps ago",
    "seen_recency_days": _ago("seen"),
    "view_recency_days": _ago("looked at a product"),
    "cart_recency_days": _ago("put something into the cart"),
    "open_recency_days": _ago("opened a mail"),
    "click_recency_days": _ago("clicked in a mail"),
    "streak_days": lambda value: f"active {_many(value, 'day')} in a row",
    "sessions_7d": _count("visit", " in 7 days"),
    "hour_concentration": _share("of the activity falls into the busiest hour of the week"),
    "evening_share": _share("of the activity falls into evenings"),
    "weekend_share": _share("of the activity falls into weekends"),
    "category_top_share": _share("of the spending goes into one category"),
    "category_concentration": _ratio("concentration of the spending on few categories (1: a single one)"),
    "category_code": _level("category_code", "spends most on categories of", "spends on no category"),
    "device_code": _level("device_code", "came last by", "told no device lately"),
    "language_code": _level("language_code", "has a device set to the language", "told no language lately"),
    "country_code": _level("country_code", "has a device set to the country", "told no country lately"),
    "cart_items": _count("item", " in the cart"),
    "emails_30d": _count("mail", " received in 30 days"),
    "click_to_open": _ratio("clicks for each mail opened"),
    "click_to_open_90d": _ratio("clicks for each mail opened lately"),
    "orders_per_view": _ratio("orders for each product looked at"),
    "unit_price_mean": _money("pays", " an item on average"),
    "unit_price_90d": _money("paid", " an item lately"),
    "basket_spread": lambda value: f"the largest order is {_number(value)} times the average one",
    "orders_trend": _trend("orders"),
    "views_trend": _trend("looks at products"),
    "opens_trend": _trend("opens mails"),
    "clicks_trend": _trend("clicks in mails"),
    "engagement_score": _ratio("engagement (the logarithm of weighted recent activity)"),
    "session_hours_mean": lambda value: f"a visit takes {_number(value)} hours on average",
    "age_years": lambda value: f"{_many(value, 'year')} old",
    "gender_code": _level("gender_code", "declared gender:", "declares no gender"),
    "home_country_code": _level("home_country_code", "lives in", "declares no country"),
    "weekday_sine": _calendar("the day of the week"),
    "weekday_cosine": _calendar("the day of the week"),
    "season_sine": _calendar("the season"),
    "season_cosine": _calendar("the season"),
}


def _words(name: str) -> Words:
    if name in _OWN:
        return _OWN[name]
    counter, _, days = name.removesuffix("d").rpartition("_")
    if counter == "active_days":
        return lambda value: f"active on {_number(value)} of the last {days} days"
    return _COUNTERS[counter](_LATELY[int(days)])


SENTENCES: Mapping[str, Words] = {name: _words(name) for name in FEATURE_NAMES}
"""Every declared feature has words: a new one without them fails on import, and in its test."""
