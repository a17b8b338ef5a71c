"""Features in a marketer's words, for alarms and reports."""

import re
from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "recency_days": "days since the last order",
    "orders_total": "orders ever",
    "monetary_total": "revenue ever",
    "basket_mean": "mean value of an order",
    "basket_largest": "value of the largest order",
    "basket_spread": "spread of the values of orders",
    "items_per_order": "items per order",
    "distinct_items": "different products bought",
    "refund_share": "share of revenue refunded",
    "tenure_days": "days since first seen",
    "customer_days": "days since the first order",
    "order_gap_days": "days between orders",
    "overdue": "days since the last order, in usual gaps",
    "seen_recency_days": "days since last seen",
    "view_recency_days": "days since the last product view",
    "cart_recency_days": "days since something was put into the cart",
    "open_recency_days": "days since a mail was last opened",
    "click_recency_days": "days since a mail was last clicked",
    "streak_days": "active days in a row",
    "hour_concentration": "share of activity in the busiest hour",
    "evening_share": "share of activity in the evening",
    "weekend_share": "share of activity on weekends",
    "category_top_share": "share of spend in the favourite category",
    "category_concentration": "concentration of spend on categories",
    "category_code": "the favourite category",
    "age_years": "age",
    "device_code": "the device",
    "language_code": "the language of the device",
    "country_code": "the country of the device",
    "gender_code": "gender",
    "home_country_code": "country",
    "cart_items": "items in the cart",
    "click_to_open": "clicks per open",
    "orders_per_view": "orders per product view",
    "unit_price_mean": "mean price of an item",
    "engagement_score": "engagement (what people did lately, weighted)",
    "prediction": "what the model predicts",
    "confidence": "how sure the model is",
    "products": "products that the model offers",
}
_COUNTED: Mapping[str, str] = {
    "orders": "orders",
    "revenue": "revenue",
    "items": "items bought",
    "views": "product views",
    "carts": "items put into the cart",
    "opens": "opens of mails",
    "clicks": "clicks in mails",
    "emails": "mails received",
    "sessions": "sessions",
    "active_days": "active days",
    "click_to_open": "clicks per open",
    "unit_price": "price of an item",
}


def in_words(name: str) -> str:
    """Return what a feature is in words: its own, by the rule of its name, else the name without underscores."""
    if name in WORDS:
        return WORDS[name]
    window = re.fullmatch(r"(.+)_(\d+)d", name)
    if window:
        return f"{_counted(window[1])} lately ({window[2]} days)"
    trend = re.fullmatch(r"(.+)_trend", name)
    if trend:
        return f"trend of {_counted(trend[1])}"
    return name.replace("_", " ")


def _counted(name: str) -> str:
    return _COUNTED.get(name, name.replace("_", " "))
