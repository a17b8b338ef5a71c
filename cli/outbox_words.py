"""The codes of decisions and sends, in words for people who look at a mail."""

from datetime import datetime

MAILED = {"eligible": "Gave consent, is not suppressed, and has not had too many mails lately."}
RUNGS = {
    "personalised": "this person's own purchases and their likes",
    "segment": "what people in the same segment buy",
    "popular": "what everybody buys: too little is known of this person",
    "editorial": "the editor's choice: no model had anything sure to say",
}
REASONS = {
    "bought_often": "Bought several times before, and due again",
    "bought_before": "Bought before",
    "bought_together_with": "Goes with what this person bought",
    "popular_in_segment": "Popular in this person's segment",
    "scored_earlier": "Chosen by last night's scoring run",
    "popular": "Popular with everybody",
    "editorial": "Named by the campaign",
}
OUTCOMES = {
    "claimed": "Being sent.",
    "sent": "Handed to the mail service.",
    "delivered": "Delivered.",
    "bounced": "Bounced.",
    "complained": "Delivered, and marked as spam: nothing more is sent to this address.",
    "failed": "Refused by the mail service:",
    "unknown": "Nobody knows whether it went out; it is not sent again.",
}


def slot_text(slot: str) -> str:
    """Write the slot of a decision (ISO 8601, UTC) for people; what is none stays."""
    try:
        return datetime.fromisoformat(slot).strftime("%A, %-d %B %Y, %H:%M UTC")
    except ValueError:
        return slot


def confidence_text(confidence: float) -> str:
    """Write a confidence of 0 to 1 in percent."""
    return f"{confidence:.0%}"
