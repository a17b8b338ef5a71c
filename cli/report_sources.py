"""Reads everything that a campaign's report needs, from the tables, the Emails bucket and the lake."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from addressee.adapters.dynamo_campaigns import DynamoCampaignStore
from addressee.adapters.dynamo_profiles import DynamoProfileStore
from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.adapters.lake_story import StoryLake
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_campaigns import S3Campaigns
from addressee.emails.campaign import EmailCampaign, Standing
from addressee.emails.ports import CampaignStore, SendKey, SendStore
from addressee.emails.send import Send
from addressee.feedback.attribution import OrderEvent
from addressee.feedback.figures import Results, Scope, Story
from addressee.feedback.results import results
from addressee.profiles.state import DAY_MS
from cli.deployment import Deployment

ROWS_PER_READ = 100
READS = 8
Owners = Callable[[list[str]], Mapping[str, str]]


class UnknownCampaign(Exception):
    """There is no campaign of that name."""


@dataclass(frozen=True)
class Sources:
    """Where a report reads. `owners` says to whom anonymous subjects belong, where somebody has claimed them."""

    campaigns: CampaignStore
    sends: SendStore
    recipients: S3Campaigns
    lake: StoryLake
    owners: Owners


class Reported(NamedTuple):
    """A campaign, what became of it, and the recipients whose row is not there (not yet written, or erased)."""

    standing: Standing
    results: Results
    without_row: int


@contextmanager
def open_sources(names: Deployment) -> Iterator[Sources]:
    """Open the sources of a deployment."""
    with ThreadPoolExecutor(READS) as pool:
        profiles = DynamoProfileStore(names.profiles_table, pool)

        def owners(subjects: list[str]) -> Mapping[str, str]:
            return {subject: row.merged_into for subject, row in profiles.read(subjects).items() if row.merged_into}

        yield Sources(
            DynamoCampaignStore(names.campaigns_table),
            DynamoSendStore(names.sends_table),
            S3Campaigns(S3Bucket(names.emails_bucket)),
            StoryLake(names.lake_bucket),
            owners,
        )


def read_report(
    sources: Sources, campaign_id: str, *, now: datetime, since: datetime | None = None, window_days: int = 7
) -> Reported:
    """Read and compute a campaign's results as of `now`. Raises `UnknownCampaign`.

    Time begins when the campaign was created and its window open (later with `since`), and ends `window_days` after the
    window closes, or now: the same for the mailed and the held out.
    """
    standing = sources.campaigns.get(campaign_id)
    if standing is None:
        raise UnknownCampaign(f"there is no campaign {campaign_id}")
    campaign = standing.campaign
    subjects = [each.subject for each in sources.recipients.recipients(campaign_id)]
    sends = [*_rows(sources.sends, subjects, campaign_id)]
    start_ms, until_ms = _times(campaign, now, since, window_days)
    told = sources.lake.read(subjects, since_ms=start_ms, last_day=now.astimezone(UTC).date())
    created = datetime.fromtimestamp(campaign.created_at_ms / 1000, UTC).date()
    segments = sources.lake.segments(subjects, before=created)
    story = Story(sends, told.engagements, _owned(told.orders, subjects, sources.owners), segments.by_subject)
    scope = Scope(
        campaign=campaign_id,
        start_ms=start_ms,
        until_ms=until_ms,
        window_ms=window_days * DAY_MS,
        holdout_share=campaign.holdout_share,
        segments_as_of=segments.as_of,
    )
    return Reported(standing, results(scope, story), len(subjects) - len(sends))


def _rows(sends: SendStore, subjects: list[str], campaign_id: str) -> Iterator[Send]:
    keys = [SendKey(subject, campaign_id) for subject in subjects]
    parts = [keys[start : start + ROWS_PER_READ] for start in range(0, len(keys), ROWS_PER_READ)]
    with ThreadPoolExecutor(READS) as pool:
        for found in pool.map(sends.get_many, parts):
            yield from found.values()


def _times(campaign: EmailCampaign, now: datetime, since: datetime | None, window_days: int) -> tuple[int, int]:
    now_ms = round(now.timestamp() * 1000)
    start_ms = max(campaign.start_ms, campaign.created_at_ms, round(since.timestamp() * 1000) if since else 0)
    return start_ms, min(now_ms + 1, campaign.end_ms + window_days * DAY_MS)


def _owned(orders: list[OrderEvent], subjects: list[str], owners: Owners) -> list[OrderEvent]:
    """Give orders of anonymous subjects to whoever they belong to; those of nobody in the campaign are left out."""
    people = frozenset(subjects)
    strangers = sorted({order.subject for order in orders} - people)
    known = owners(strangers) if strangers else {}
    owned = (order._replace(subject=known.get(order.subject, order.subject)) for order in orders)
    return [order for order in owned if order.subject in people]
