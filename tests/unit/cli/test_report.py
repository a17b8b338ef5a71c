"""`addressee report`: what it reads, whom orders belong to, and the three forms in which it tells."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console
from typer import Context, Typer
from typer.testing import CliRunner

from addressee.adapters.lake_files import LakeFiles
from addressee.adapters.lake_story import ANOTHER_SENDER, StoryLake
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_campaigns import S3Campaigns
from addressee.adapters.s3_lake import S3Lake
from addressee.adapters.score_snapshots import put_snapshot
from addressee.decisions.campaign import Campaign
from addressee.emails.campaign import EmailCampaign, Standing
from addressee.emails.plan import Chunk, Recipient
from addressee.events.event import Event
from addressee.feedback.attribution import COMPLETED
from addressee.feedback.figures import Story
from addressee.feedback.results import results
from addressee.models.score import ScoredPerson
from addressee.profiles.lake import lake_row
from cli.report import report
from cli.report_document import report_document
from cli.report_page import report_page, write_page
from cli.report_sources import Reported, Sources, UnknownCampaign, read_report
from cli.report_terminal import show_report
from cli.report_words import money, percent
from functions.compact_lake.handler import Wiring, handle
from tests.campaign_story import CAMPAIGN, DAY_MS, START_MS, scope, story
from tests.fakes.campaigns import InMemoryCampaigns
from tests.fakes.s3 import InMemoryS3
from tests.fakes.sends import InMemorySends

END_MS = START_MS + 2 * DAY_MS
NAMES = {"open": "Email Opened", "click": "Email Link Clicked", "unsubscribe": "Unsubscribed"}
STANDING = Standing(
    EmailCampaign(*(CAMPAIGN, Campaign(CAMPAIGN), "digest", "0" * 16, START_MS, END_MS, START_MS), holdout_share=0.1),
    planning="planned",
)
NOW = datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(days=12)


def row(message_id, subject, name, at_ms, **said):
    """Make a lake row; `anonymous` is the visitor's subject."""
    anonymous = said.pop("anonymous", "")
    event = Event(message_id, "track", name, "-", "", at_ms, at_ms + 1_000, **said)
    return lake_row(event, subject, anonymous)


def rows_of(told: Story):
    """Write a story as lake rows."""
    for each in told.engagements:
        send_id = f"{each.subject}.{each.campaign}"
        yield row(
            *(each.message_id, each.subject, NAMES[each.kind], each.at_ms),
            send_id=send_id,
            campaign=each.campaign,
            label=each.label,
        )
    for each in told.orders:
        yield row(
            *(each.message_id, each.subject, each.name, each.at_ms),
            order_id=each.order_id,
            amount_minor_units=each.amount_minor_units,
            currency=each.currency,
        )


def compact(s3) -> None:
    """Compact what is there, as the schedule does."""
    with ThreadPoolExecutor(2) as pool:
        handle({}, None, Wiring(LakeFiles("lake", pool, s3), lambda: NOW))


def sources_of(told: Story, s3: InMemoryS3, owners=lambda _: {}) -> Sources:
    """Put a story into memory: rows, recipients, segments; the lake is the caller's."""
    chunks = S3Campaigns(S3Bucket("emails", s3))
    for number in range(2):
        part = [Recipient(each.subject, 0) for each in told.sends[number::2]]
        chunks.put_once(CAMPAIGN, number, Chunk(START_MS, part))
    body = {"scores": {}, "candidates": {}, "versions": {}}
    people = [ScoredPerson(subject, {**body, "segments": kinds}) for subject, kinds in told.segments.items()]
    for day in ("2026-01-03", "2026-01-04", "2026-01-05"):
        put_snapshot(S3Bucket("lake", s3), day, 0, people if day == "2026-01-04" else people[:1])
    return Sources(InMemoryCampaigns(STANDING), InMemorySends(*told.sends), chunks, StoryLake("lake", s3), owners)


def test_a_report_is_the_same_whether_the_lake_is_compacted_half_or_not_at_all():
    """Rows that lie raw, compacted, or both, count once; nothing before the campaign is read."""
    told, expected = story(400), results(scope(), story(400))
    rows = [*rows_of(told)]
    old = row("old", told.sends[0].subject, COMPLETED, START_MS - DAY_MS, amount_minor_units=1, currency="EUR")
    for split in (0, len(rows) // 2, len(rows)):
        s3 = InMemoryS3()
        if split:
            S3Lake("lake", s3).append([old, *rows[:split]])
            compact(s3)
        S3Lake("lake", s3).append(rows[max(split - 50, 0) :])
        found = read_report(sources_of(told, s3), CAMPAIGN, now=NOW)
        assert found.results == expected
        assert found.without_row == 0


def test_without_a_lake_a_report_counts_rows():
    """Nothing landed yet, no scoring run before the campaign, a row not written yet."""
    told = story(20)
    sources = sources_of(replace(told, segments={}), InMemoryS3())
    sources = replace(sources, sends=InMemorySends(*told.sends[1:]))
    found = read_report(sources, CAMPAIGN, now=NOW)
    assert (found.results.recipients, found.without_row) == (19, 1)
    assert (found.results.segments, found.results.scope.segments_as_of) == ((), "")


def test_an_anonymous_order_belongs_to_whoever_claimed_the_visitor():
    """Claimed by somebody of the campaign, by somebody else, by nobody; clicks of other senders compete unnamed."""
    told = replace(story(20), engagements=(), orders=())
    person, visitor, other, nobody = told.sends[0].subject, "a" * 32, "b" * 32, "c" * 32
    said = {"amount_minor_units": 500, "currency": "EUR"}
    at_ms = START_MS + DAY_MS
    rows = [row(f"m{who[0]}", who, COMPLETED, at_ms, anonymous=who, **said) for who in (visitor, other, nobody)]
    rows.append(row("click", person, "Email Link Clicked", at_ms - 9, label="human"))
    rows.append(row("stranger", "d" * 32, COMPLETED, at_ms, **said))
    s3 = InMemoryS3()
    S3Lake("lake", s3).append(rows)
    lake = StoryLake("lake", s3).read([person], since_ms=START_MS, last_day=NOW.date())
    assert [each.campaign for each in lake.engagements] == [ANOTHER_SENDER]
    assert {each.subject for each in lake.orders} == {visitor, other, nobody}
    sources = sources_of(told, s3, owners=lambda _: {visitor: person, other: "e" * 32})
    paid = read_report(sources, CAMPAIGN, now=NOW).results.money
    assert (paid.elsewhere.orders, paid.credited.orders, paid.uncredited.orders) == (1, 0, 0)


def test_the_time_that_counts_is_the_campaigns_own():
    """It begins with the campaign, or with `since`; it ends with the window after it, or now."""
    told, s3 = story(20), InMemoryS3()
    sources = sources_of(told, s3)
    whole = read_report(sources, CAMPAIGN, now=NOW, window_days=3).results.scope
    assert (whole.start_ms, whole.until_ms, whole.window_ms) == (START_MS, END_MS + 3 * DAY_MS, 3 * DAY_MS)
    since = datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(hours=1)
    early = read_report(sources, CAMPAIGN, now=since + timedelta(hours=1), since=since).results.scope
    assert (early.start_ms, early.until_ms) == (START_MS + 3_600_000, START_MS + 7_200_001)
    with pytest.raises(UnknownCampaign, match="no campaign other"):
        read_report(sources, "other", now=NOW)


def test_the_document_holds_every_figure_in_camel_case():
    """Strict JSON; what the page says is in it."""
    found = Reported(STANDING, results(scope(), story(2_000)), 3)
    document = json.loads(json.dumps(report_document(found, simulated=True), allow_nan=False))
    assert document["funnel"]["wentOut"] == found.results.funnel.went_out
    assert document["rates"]["openedWithMachines"]["low"] == found.results.rates.opened_with_machines.low
    assert document["engaged"]["open"]["human"] == found.results.engaged["open"]["human"]._asdict()
    assert document["comparison"]["heldOut"]["spend"]["n"] == 200
    assert document["states"][0] == {"state": "delivered", "reason": "", "rows": 1730}
    assert document["window"] == {
        "from": "2026-01-05T08:00:00Z",
        "until": "2026-01-14T08:00:00Z",
        "attributionDays": 7.0,
    }
    assert (document["withoutRow"], document["simulatedEngagement"]) == (3, True)
    assert "simulated" in document["limits"][0]


@pytest.mark.parametrize("people", [0, 50, 2_000])
def test_the_terminal_and_the_page_tell_of_campaigns_of_any_size(people, tmp_path):
    """From nothing at all to conclusions, with another currency and rows missing."""
    told = story(people)
    orders = [each._replace(currency="JPY") if number % 9 == 0 else each for number, each in enumerate(told.orders)]
    found = Reported(STANDING, results(scope(), replace(told, orders=orders)), people // 50)
    console = Console(record=True, width=120, file=StringIO())
    show_report(found, console, simulated=bool(people))
    text = console.export_text()
    page = report_page(found, simulated=bool(people))
    for said in ("cannot say", "Credit is not cause", "would have bought" if not people else "people bought"):
        assert said in " ".join(text.split())
        assert said in page
    assert ("simulated" in text) is ("simulated" in page) is bool(people)
    assert write_page(found, tmp_path / "new" / "folder", simulated=False).name == "index.html"


def test_a_segments_name_is_escaped_on_the_page():
    """Names come from people who write settings."""
    told = replace(story(300), segments={each.subject: {"tier": "<script>"} for each in story(300).sends})
    assert "<script>" not in report_page(Reported(STANDING, results(scope(), told), 0), simulated=False)


@pytest.mark.parametrize(
    ("minor_units", "currency", "text"),
    [
        (30.26, "EUR", "€0.303"),
        (-1.9, "EUR", "\N{MINUS SIGN}\N{WORD JOINER}€0.019"),
        (0, "USD", "$0.00"),
        (123_456, "USD", "$1,235"),
        (99_999, "USD", "$999.99"),
        (1, "", "\N{EN DASH}"),
    ],
)
def test_money_has_the_digits_that_its_size_deserves(minor_units, currency, text):
    """Small amounts of a mail, plain ones, sums."""
    assert money(minor_units, currency) == text


def test_shares_below_a_percent_get_a_second_decimal():
    """Half a percent is not one."""
    assert [percent(each).replace("\N{NO-BREAK SPACE}", " ") for each in (0.0, 0.0049, 0.05)] == [
        "0.0 %",
        "0.49 %",
        "5.0 %",
    ]


def test_without_a_deployment_the_command_is_one_clear_line(tmp_path):
    """Exit with 1 and say why."""
    app = Typer()
    app.command("report")(report)

    @app.callback()
    def main(context: Context) -> None:
        context.obj = tmp_path / "none.json"

    result = CliRunner().invoke(app, ["report", CAMPAIGN])
    assert result.exit_code == 1
    assert "holds no outputs" in " ".join(result.output.split())
