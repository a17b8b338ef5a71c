"""The demo's summary reads every part of the report."""

from rich.console import Console

from cli.demo_summary import show_summary

DECISION = {"mail": True, "reason": None, "rung": "personalised", "products": ["Milk (1)"], "milliseconds": 12}
REPORT = {
    "import": {
        "orders": {"accepted": 140_000, "refused": 3, "seconds": 20.5},
        "subscribers": {"accepted": 2_469},
        "catalogue": {"accepted": 31_000},
        "lines_without_value_left_out": 11_226,
        "replayed_from": "2026-01-18",
        "replayed_to": "2026-01-30",
    },
    "replay": {
        "orders": 5_296,
        "simulated_browsing_events": 700,
        "put_records": {"events": 4_000, "events_per_second": 2_000},
        "http": {"events": 1_996, "events_per_second": 900},
    },
    "folded": {"seconds_after_replay": 3.2},
    "learn": {
        "as_of": "2026-01-30",
        "seconds": 60.0,
        "kinds": [{"kind": "buy_again", "published": True, "reason": "beats popularity"}],
    },
    "decisions": {"regular customer": DECISION},
    "purchase": {
        "bought": "Milk (1)",
        "seconds_until_it_left_the_recommendations": 0.4,
        "before": ["Milk (1)", "Bread (2)"],
        "after": ["Bread (2)"],
    },
    "seconds": {"all": 200.0},
}


def test_the_summary_tells_what_was_done_in_words():
    """Print figures of every step, and say what is simulated."""
    console = Console(record=True, width=160, quiet=False, file=None)
    with console.capture() as printed:
        show_summary(REPORT, console)
    text = printed.get()
    for words in ("140,000 orders", "5,296 orders", "buy_again", "personalised", "0.4 s", "simulated", "200 s"):
        assert words in text
