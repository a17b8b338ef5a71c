"""Every store of campaigns keeps what was created, changes its status by rule, and knows the open slots."""

from dataclasses import replace
from uuid import uuid4

import pytest

from addressee.adapters import plain_aws
from addressee.adapters.dynamo_campaigns import DynamoCampaignStore
from addressee.adapters.wire import Patience
from addressee.decisions.campaign import Arm, Campaign, QuietHours
from addressee.emails.campaign import EmailCampaign, Standing
from addressee.emails.ports import OpenSlot
from tests.fakes.campaigns import InMemoryCampaigns

RULES = Campaign(
    "spring", 2, 5, 11, QuietHours(21, 8), "Europe/Paris", {"*": 30}, "email", "offers", (Arm("a", 0.5), Arm("b", 0.5))
)
CAMPAIGN = EmailCampaign(
    "spring", RULES, "digest", "0" * 16, 1, 2, 0, ("rfm_tiers", "loyal"), "at_once", 0.1, "salt", "unknown"
)
STANDING = Standing(CAMPAIGN)
PLAIN = Standing(EmailCampaign("plain", Campaign("plain"), "digest", "0" * 16, 1, 2, 0), "paused", "planned", 7)


class CampaignStoreContract:
    """What the table and its fake must both do."""

    @pytest.mark.parametrize("standing", [STANDING, PLAIN])
    def test_a_campaign_is_created_once_and_read_back_whole(self, store, standing):
        """The second creation changes nothing."""
        name = standing.campaign.campaign_id
        assert store.get(name) is None
        assert store.create(standing)
        assert not store.create(replace(standing, campaign=replace(standing.campaign, template="other")))
        assert store.get(name) == standing

    def test_the_status_leaves_only_where_it_may(self, store):
        """Asking again for what stands already is no refusal; what was never created has no status."""
        running = frozenset({"running"})
        assert store.set_status("spring", "paused", leaving=running) is None
        store.create(STANDING)
        assert store.set_status("spring", "paused", leaving=running).status == "paused"
        assert store.set_status("spring", "paused", leaving=running).status == "paused"
        assert store.set_status("spring", "cancelled", leaving=running).status == "paused"
        assert store.get("spring") == replace(STANDING, status="paused")

    def test_planning_says_how_far_it_is(self, store):
        """And how many rows there are; where there is no campaign, it raises."""
        with pytest.raises(Exception, match="spring"):
            store.set_planning("spring", "planned", recipients=3)
        store.create(STANDING)
        store.set_planning("spring", "planned", recipients=3)
        assert store.get("spring") == replace(STANDING, planning="planned", recipients=3)

    def test_open_slots_come_oldest_first(self, store):
        """Opening one twice opens it once; no campaign is among them."""
        store.create(STANDING)
        for slot in ("2026-11-22T09:01#3", "2026-11-22T09:00#9", "2026-11-22T09:01#3"):
            store.open_slot(slot, "spring")
        store.open_slot("2026-11-22T09:00#9", "autumn_sale-1")
        assert store.open_slots() == [
            OpenSlot("2026-11-22T09:00#9", "autumn_sale-1"),
            OpenSlot("2026-11-22T09:00#9", "spring"),
            OpenSlot("2026-11-22T09:01#3", "spring"),
        ]

    def test_a_slot_seen_empty_is_closed_unless_it_was_opened_anew(self, store):
        """The first time stays noted; a slot that is gone stays gone."""
        slot = OpenSlot("2026-11-22T09:00#9", "spring")
        store.note_empty(slot, 5)
        assert store.open_slots() == []
        store.open_slot(slot.slot, slot.campaign)
        store.note_empty(slot, 5)
        store.note_empty(slot, 9)
        (seen,) = store.open_slots()
        assert seen == slot._replace(empty_since_ms=5)
        store.open_slot(slot.slot, slot.campaign)
        store.close_slot(seen)
        assert store.open_slots() == [slot]
        store.note_empty(slot, 7)
        store.close_slot(slot)
        store.close_slot(seen)
        assert store.open_slots() == [slot._replace(empty_since_ms=7)]
        store.close_slot(slot._replace(empty_since_ms=7))
        assert store.open_slots() == []
        store.open_slot(slot.slot, slot.campaign)
        store.close_slot(slot)
        assert store.open_slots() == []


class TestInMemoryCampaigns(CampaignStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self):
        """Start empty."""
        return InMemoryCampaigns()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # connections live as long as a process
class TestDynamoCampaignStore(CampaignStoreContract):
    """The table, over the wire, by the SDK's client and by ours."""

    @pytest.fixture(params=["sdk", "plain"])
    def store(self, request, dynamodb, emulator):
        """Start with an empty table."""
        name = f"contract-{uuid4().hex}"
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("campaign", "part")],
            KeySchema=[{"AttributeName": "campaign", "KeyType": "HASH"}, {"AttributeName": "part", "KeyType": "RANGE"}],
        )
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
        plain = plain_aws.dynamodb(Patience(), {**keys, "AWS_ENDPOINT_URL": emulator.endpoint})
        return DynamoCampaignStore(name, dynamodb if request.param == "sdk" else plain)
