"""The demo's summary reads every part of the report."""

from rich.console import Console

from cli.demo_summary import show_summary

MILK = {"itemId": "1", "title": "Milk", "reason": "bought_often", "propensity": 1.0, "confidence": 0.91}
TEA = {**MILK, "itemId": "2", "title": "A tea with a name that no column of eighty could ever hold [fresh]"}
UNNAMED = {**MILK, "itemId": "item-3", "title": ""}
DECISION = {
    "mail": True,
    "reason": "eligible",
    "rung": "personalised",
    "portrait": {"scores": {"buys_in_7_days": 0.83}, "segments": {"rfm_tiers": "loyal"}},
    "products": [MILK, TEA, UNNAMED, MILK],
    "milliseconds": 12,
}
VISITOR = {**DECISION, "mail": False, "reason": "no_consent", "portrait": {"scores": {}, "segments": {}}}


def gain(value, low, high):
    """Make a metric's three figures."""
    sides = {"model": 0.2134, "rival": 0.0898, "difference": value}
    return {side: {"value": number, "low": low, "high": high} for side, number in sides.items()}


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
        "kinds": [
            {"kind": "buy_again", "published": True, "reason": "", "metrics": {"ndcg_at_10": gain(0.12, 0.11, 0.13)}},
            {
                "kind": "lapses_in_28_days",
                "published": True,
                "reason": "",
                "metrics": {"explained": gain(0.12, 0.11, 0.13)},
            },
            {"kind": "discover", "published": False, "reason": "does not beat its floor", "metrics": {}},
        ],
    },
    "decisions": {"regular customer": DECISION, "first-time visitor": VISITOR},
    "decision_milliseconds": {"first_call": 1_300, "later_calls": 8, "median_of_later_calls": 40.5},
    "purchase": {
        "bought": MILK,
        "seconds_until_it_left_the_recommendations": 0.4,
        "before": [MILK, TEA],
        "after": [TEA],
        "scores_before": {"buys_in_7_days": 0.83},
        "scores_after": {},
    },
    "seconds": {"all": 200.0},
}


def printed(report, width):
    """Print the summary on a console of so many columns."""
    console = Console(width=width, force_terminal=False)
    with console.capture() as output:
        show_summary(report, console)
    return output.get()


def test_the_summary_tells_what_was_done_in_words():
    """Print figures of every step, and say what is simulated."""
    text = printed(REPORT, 160)
    for words in ("140,000 orders", "5,296 orders", "buy_again", "personalised", "0.4 s", "simulated", "200 s"):
        assert words in text
    for words in ("+0.120 [+0.110, +0.130]", "discover is withheld", "1,300 ms", "loyal", "buys_in_7_days 0.83"):
        assert words in text
    assert "item-3" in text


def test_eighty_columns_suffice():
    """A product has one line, titles are cut, nothing is wrapped inside a table."""
    lines = printed(REPORT, 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if "A tea with a name" in line and "bought_often" in line]
    assert not [line for line in lines if "could ever hold" in line]
    assert [line for line in lines if "lapses_in_28_days" in line and "+0.130]" in line]
