"""A control that takes a lock which expires, as Mautic did: after 30 minutes another run starts beside the first.

Read from Mautic 2's `ModeratedCommand::checkRunStatus` (a time in a file, taken for dead after 1,800 s) and
`EventModel`: a run selects the contacts without a log entry in batches, writes the log entry of each first, sends, and
deletes the entry where sending failed. A large campaign took 1.5 hours (mautic/mautic #1737, up to six copies); here a
mail stands for the hundreds of a real batch and takes minutes.
"""

from functools import partial

from addressee.emails.campaign import Status
from tests.simulation.control import ControlSender
from tests.simulation.faults import Trouble
from tests.simulation.people import Somebody
from tests.simulation.world import MINUTE_MS, START_MS, World

LOCK_MS = 30 * MINUTE_MS
CRON_MS = 5 * MINUTE_MS
BATCH = 100
MOST_RUNS = 60
LONGEST_MAIL_MS = 12 * MINUTE_MS


class LeaseSender(ControlSender):
    """The control: a cron job for each campaign, a lock file, a log table."""

    def __init__(self, world: World) -> None:
        """Lay out the tables."""
        super().__init__(world)
        self.locks: dict[str, int] = {}
        self.logged: set[tuple[str, str]] = set()
        self._runs = 0
        self._pace_ms = int(world.rng.random() * LONGEST_MAIL_MS)
        self._lock = self.sql("lock", self._take_lock)
        self._unlock = self.sql("unlock", self._free_lock)
        self._pending = self.sql("pending contacts", self._select, "read")
        self._save_log = self.sql("insert log", self._insert)
        self._delete_log = self.sql("delete log", self._delete)
        self._set_status = self.sql("update campaign", self._change)

    def begin(self) -> None:
        """Start the cron jobs when the campaigns start."""
        for campaign in self.world.campaigns:
            self.world.scheduler.after(campaign.start_ms - START_MS, partial(self._cron, campaign.campaign_id))

    def change_status(self, campaign_id: str, status: Status) -> None:
        """Publish or unpublish the campaign."""
        self._set_status(campaign_id, status)

    # --- statements --------------------------------------------------------------------------------------------------
    def _take_lock(self, campaign: str, now_ms: int) -> bool:
        held_ms = self.locks.get(campaign)
        if held_ms is not None and held_ms + LOCK_MS > now_ms:
            return False
        self.locks[campaign] = now_ms
        return True

    def _free_lock(self, campaign: str) -> None:
        self.locks.pop(campaign, None)

    def _select(self, campaign: str) -> list[Somebody]:
        if self.status[campaign] != "running":
            return []
        people = (who for who in self.world.crowd.everybody if (who.subject, campaign) not in self.logged)
        return [who for who in people if self.mailable(who)][:BATCH]

    def _insert(self, who: Somebody, campaign: str) -> None:
        self.logged.add((who.subject, campaign))

    def _delete(self, who: Somebody, campaign: str) -> None:
        self.logged.discard((who.subject, campaign))

    def _change(self, campaign: str, status: Status) -> None:
        if self.status[campaign] != "cancelled":
            self.status[campaign] = status

    # --- a run -------------------------------------------------------------------------------------------------------
    def _cron(self, campaign: str) -> None:
        self._runs += 1
        if self._runs > MOST_RUNS:
            return
        self.world.act(f"lease-{campaign}#{self._runs}", partial(self._run, campaign))
        self.world.scheduler.after(CRON_MS, partial(self._cron, campaign))

    def _run(self, campaign: str) -> None:
        if not self._lock(campaign, self.world.scheduler.clock()):
            return
        for who in self._pending(campaign):
            self.world.coming(who.subject, campaign, self._pace_ms)
            self.takes_up(who, campaign)
            self._save_log(who, campaign)
            self.world.scheduler.sleep(self._pace_ms)
            try:
                accepted = self.push(who, campaign)
            except Trouble:
                accepted = None
            if accepted is None:
                self._delete_log(who, campaign)
        self._unlock(campaign)
