"""The allow-list: which event names, properties, traits and purposes pass into profile and lake.

Names are those of Segment's spec: the e-commerce events (v2, with the v1 names as aliases) and the e-mail events.
What is not declared here is dropped: an unknown track name keeps its name and its context, nothing else.
"""

MAX_EVENT_BYTES = 32 * 1024
MAX_BATCH_BYTES = 500 * 1024
MAX_BATCH_EVENTS = 2_500
MAX_RECORD_BYTES = 8 * MAX_EVENT_BYTES
"""Normalising names every line's keys in full, so a record on the stream may be larger than its message."""
MAX_TEXT_BYTES = 256
MAX_TRAITS = 64
MAX_QUANTITY = 1_000_000
MAX_PRICE = 1_000_000_000
MAX_AMOUNT_MINOR_UNITS = 10**15
MAX_TRAIT_NUMBER = 10**15
MAX_DURATION_MS = 24 * 3_600 * 1_000

KINDS = ("track", "identify", "page", "screen", "alias", "group")

ORDER_EVENTS = (
    "Checkout Started",
    "Order Completed",
    "Order Updated",
    "Order Refunded",
    "Order Cancelled",
)
PRODUCT_EVENTS = (
    "Products Searched",
    "Product List Viewed",
    "Product List Filtered",
    "Product Clicked",
    "Product Viewed",
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Product Added to Wishlist",
    "Product Removed from Wishlist",
    "Wishlist Product Added to Cart",
    "Product Shared",
    "Product Reviewed",
)
EMAIL_EVENTS = (
    "Email Sent",
    "Email Delivered",
    "Email Opened",
    "Email Link Clicked",
    "Email Bounced",
    "Email Marked as Spam",
    "Email Rejected",
    "Unsubscribed",
)
COMMERCE = frozenset((*ORDER_EVENTS, *PRODUCT_EVENTS))
EMAIL = frozenset(EMAIL_EVENTS)

_V1_NAMES = {
    "Completed Order": "Order Completed",
    "Viewed Product": "Product Viewed",
    "Added Product": "Product Added",
    "Removed Product": "Product Removed",
    "Viewed Product Category": "Product List Viewed",
}
_FOLDED = {name.casefold(): name for name in (*COMMERCE, *EMAIL)} | {
    old.casefold(): name for old, name in _V1_NAMES.items()
}

_WHO = frozenset({"human", "machine", "unknown"})
LABELS_OF = {
    "Email Opened": _WHO,
    "Email Link Clicked": _WHO,
    "Email Bounced": frozenset({"hard", "soft"}),
}
"""Who opened or clicked; of a bounce: whether it is for good. No other e-mail event has a label."""
LABELS = frozenset().union(*LABELS_OF.values())
DEVICES = frozenset({"android", "desktop", "ios", "mobile", "tablet", "tv", "watch", "web"})

WITHDRAWING = {"Unsubscribed": "email", "Email Marked as Spam": "email"}
"""These events withdraw a purpose by their name alone."""
PURPOSES = frozenset({"advertising", "analytics", "email", "functional", "marketing", "personalization", "push", "sms"})

TRAITS = (
    "age",
    "age_band",
    "age_group",
    "birth_year",
    "city",
    "country",
    "device_type",
    "gender",
    "home_ownership",
    "household_size",
    "income_band",
    "industry",
    "interests",
    "kids_count",
    "language",
    "locale",
    "loyalty_tier",
    "marital_status",
    "occupation",
    "plan",
    "signup_source",
    "state",
    "time_zone",
)
PLACE_TRAITS = ("city", "state", "country")
"""Also read from Segment's nested `address` trait."""


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


TRAIT_OF = {
    **{name: name for name in TRAITS},
    **{_camel(name): name for name in TRAITS},
    "signUpSource": "signup_source",
    "sign_up_source": "signup_source",
    "timezone": "time_zone",
}
"""The declared trait behind each accepted spelling."""


def canonical_name(name: str) -> str:
    """Return the spec's spelling of a declared event name (any case, v1 names too); other names stay as sent."""
    return _FOLDED.get(name.casefold(), name)
