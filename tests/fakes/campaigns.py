"""The Campaigns table in memory: standings and open slots."""

from dataclasses import replace

from addressee.emails.campaign import Planning, Standing, Status
from addressee.emails.ports import OpenSlot


class InMemoryCampaigns:
    """A `CampaignStore`. `standings` by id; `slots`: (slot, campaign) -> since when it is seen empty, or 0."""

    def __init__(self, *standings: Standing) -> None:
        """Hold some campaigns."""
        self.standings = {each.campaign.campaign_id: each for each in standings}
        self.slots: dict[tuple[str, str], int] = {}

    def create(self, standing: Standing) -> bool:
        """Write a campaign unless there is one of its id; say whether it was written."""
        return self.standings.setdefault(standing.campaign.campaign_id, standing) is standing

    def get(self, campaign_id: str) -> Standing | None:
        """Read a campaign, or None."""
        return self.standings.get(campaign_id)

    def set_status(self, campaign_id: str, status: Status, *, leaving: frozenset[Status]) -> Standing | None:
        """Change the status where it is one of `leaving`; return what stands, None: no campaign."""
        standing = self.standings.get(campaign_id)
        if standing is not None and standing.status in leaving:
            self.standings[campaign_id] = replace(standing, status=status)
        return self.standings.get(campaign_id)

    def set_planning(self, campaign_id: str, planning: Planning, *, recipients: int = 0) -> None:
        """Say how far planning is; raises where there is no campaign."""
        self.standings[campaign_id] = replace(self.standings[campaign_id], planning=planning, recipients=recipients)

    def open_slots(self) -> list[OpenSlot]:
        """List all open slots, oldest first."""
        return [OpenSlot(slot, campaign, since) for (slot, campaign), since in sorted(self.slots.items())]

    def open_slot(self, slot: str, campaign: str) -> None:
        """Open a slot; one that was seen empty counts as full again."""
        self.slots[slot, campaign] = 0

    def note_empty(self, slot: OpenSlot, now_ms: int) -> None:
        """Note that a slot was seen empty, unless that is noted already, or the slot is gone."""
        if self.slots.get((slot.slot, slot.campaign)) == 0:
            self.slots[slot.slot, slot.campaign] = now_ms

    def close_slot(self, slot: OpenSlot) -> None:
        """Close a slot, unless it was opened anew since it was read."""
        if self.slots.get((slot.slot, slot.campaign)) == slot.empty_since_ms:
            del self.slots[slot.slot, slot.campaign]
