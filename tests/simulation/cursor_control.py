"""A control that keeps a cursor, as listmonk does: the checkpoint moves when a batch is fetched, not when it is sent.

Read from listmonk's `internal/manager/{manager,pipe}.go` and `queries.sql`: `next-campaign-subscribers` selects a batch
behind `last_subscriber_id` and moves that in the same statement; messages wait in memory for the workers; a pipe that
drains writes back the last id that was sent, or `to_send` where that is 0 (`update-campaign-counts`), and marks the
campaign finished if it still runs. A pause stops the pipe and drops what waits. A message is tried three times in all
(`max_msg_retries` 2); after that the error is logged. knadh/listmonk #3022, #2313, #2070, #1762.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from addressee.emails.campaign import Status
from tests.simulation.control import ControlSender
from tests.simulation.faults import Trouble
from tests.simulation.people import Somebody
from tests.simulation.scheduler import Actor
from tests.simulation.world import MINUTE_MS, SECOND_MS, START_MS, World

BATCH = 5
TRIES = 3
SCAN_MS, IDLE_MS, RESTART_MS = SECOND_MS, SECOND_MS, 20 * SECOND_MS
MOST_SCANS = 400


@dataclass(slots=True)
class Row:
    """A campaign's row. Ids are places in the list of people, from 1."""

    last_id: int = 0
    to_send: int = 0


@dataclass(slots=True, eq=False)
class Pipe:
    """A campaign in a process: messages that wait, and what the workers have done with them."""

    campaign: str
    waiting: int = 0
    last_id: int = 0
    stopped: bool = False
    exhausted: bool = False


@dataclass(slots=True, eq=False)
class Process:
    """One process of the server: its pipes and the channel between fetching and sending, gone with it."""

    pipes: dict[str, Pipe] = field(default_factory=dict)
    channel: list[tuple[Pipe, int, Somebody]] = field(default_factory=list)
    threads: list[Actor] = field(default_factory=list)
    left: int = 0


class CursorSender(ControlSender):
    """The control: one server process, restarted when it dies, with a fetcher and some workers."""

    def __init__(self, world: World) -> None:
        """Lay out the tables."""
        super().__init__(world)
        people = world.crowd.everybody
        self.rows = {campaign.campaign_id: Row(to_send=len(people)) for campaign in world.campaigns}
        self._scans = 0
        self._process = Process()
        self._next_campaigns = self.sql("next-campaigns", self._running, "read")
        self._next_subscribers = self.sql("next-campaign-subscribers", self._fetch)
        self._update_counts = self.sql("update-campaign-counts", self._write_counts)
        self._finish = self.sql("update-campaign-status", self._finished)
        self._set_status = self.sql("update-campaign-status", self._change)

    def begin(self) -> None:
        """Start the server when the campaigns start."""
        start_ms = min(campaign.start_ms for campaign in self.world.campaigns)
        self.world.scheduler.after(start_ms - START_MS, self._boot)

    def change_status(self, campaign_id: str, status: Status) -> None:
        """Write the status; the server stops the pipe of a campaign that no longer runs."""
        self._set_status(campaign_id, status)
        pipe = self._process.pipes.get(campaign_id)
        if status != "running" and pipe is not None:
            pipe.stopped = True

    # --- statements --------------------------------------------------------------------------------------------------
    def _running(self, known: list[str]) -> list[str]:
        return [name for name, status in self.status.items() if status == "running" and name not in known]

    def _fetch(self, campaign: str) -> list[tuple[int, Somebody]]:
        row = self.rows[campaign]
        people = list(enumerate(self.world.crowd.everybody, 1))
        batch = [(place, who) for place, who in people if place > row.last_id and self.mailable(who)][:BATCH]
        if self.status[campaign] != "running" or not batch:
            return []
        row.last_id = batch[-1][0]
        return batch

    def _write_counts(self, campaign: str, last_id: int) -> None:
        row = self.rows[campaign]
        row.last_id = last_id or row.to_send

    def _finished(self, campaign: str) -> None:
        if self.status[campaign] == "running":
            self.status[campaign] = "finished"

    def _change(self, campaign: str, status: Status) -> None:
        if self.status[campaign] in {"running", "paused"}:
            self.status[campaign] = status

    # --- the process -------------------------------------------------------------------------------------------------
    def _boot(self) -> None:
        process = self._process = Process()
        bodies = [partial(self._scan, process), *(partial(self._work, process) for _ in range(self.world.workers))]
        process.left = len(bodies)
        for number, body in enumerate(bodies):
            name = f"cursor-{number}"
            actor = self.world.scheduler.start(name, body, ended=partial(self._ended, process))
            actor.process = process.threads
            process.threads.append(actor)

    def _ended(self, process: Process) -> None:
        process.left -= 1
        if not process.left and not self._over():
            self.world.scheduler.after(RESTART_MS, self._boot)

    def _over(self) -> bool:
        """Say whether nothing more is to come; a pause may end, so it is waited for."""
        return self._scans > MOST_SCANS or not {"running", "paused"} & set(self.status.values())

    def _scan(self, process: Process) -> None:
        while not self._over():
            self._scans += 1
            with suppress(Trouble):  # logged, and tried again at the next scan
                self._turn(process)
            self.world.scheduler.sleep(SCAN_MS if process.pipes else MINUTE_MS)

    def _turn(self, process: Process) -> None:
        for name in self._next_campaigns(list(process.pipes)):
            process.pipes[name] = Pipe(name)
        for pipe in list(process.pipes.values()):
            if not pipe.exhausted and len(process.channel) < self.world.workers:
                self._fill(process, pipe)
            if pipe.exhausted and not pipe.waiting:
                self._clean_up(process, pipe)

    def _fill(self, process: Process, pipe: Pipe) -> None:
        """Fetch the next batch once the channel has room: fetching waits for the workers."""
        batch = self._next_subscribers(pipe.campaign)
        pipe.exhausted = not batch
        pipe.waiting += len(batch)
        process.channel += [(pipe, place, who) for place, who in batch]
        for _, who in batch:
            self.world.coming(who.subject, pipe.campaign, 0)

    def _clean_up(self, process: Process, pipe: Pipe) -> None:
        self._update_counts(pipe.campaign, pipe.last_id)
        self._finish(pipe.campaign)
        del process.pipes[pipe.campaign]

    def _work(self, process: Process) -> None:
        while not self._over():
            if not process.channel:
                self.world.scheduler.sleep(IDLE_MS if process.pipes else MINUTE_MS)
                continue
            pipe, place, who = process.channel.pop(0)
            if not pipe.stopped:
                self._send(pipe, place, who)
            pipe.waiting -= 1

    def _send(self, pipe: Pipe, place: int, who: Somebody) -> None:
        self.takes_up(who, pipe.campaign)
        for _ in range(TRIES):
            try:
                accepted = self.push(who, pipe.campaign)
            except Trouble:
                continue
            if accepted is not None:
                pipe.last_id = place
                return
