"""Counts are those of the rows, whatever state they are in."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from addressee.emails.campaign import Standing
from addressee.emails.campaign_wire import counts_json, standing_json, status_json
from addressee.emails.counts import Counts, count_campaign, count_chunk
from addressee.emails.plan import Chunk, Recipient
from addressee.emails.send import Send
from addressee.emails.states import STATES
from tests.fakes.chunks import InMemoryChunks
from tests.fakes.sends import InMemorySends
from tests.unit.emails.campaigns import campaign, subject

KINDS = st.sampled_from([*((state, "") for state in STATES), ("skipped", "holdout"), ("failed", "render"), None])


def planned(*chunks):
    """Store chunks of kinds (state, reason); None is a row that is not written yet."""
    lists, sends, number = InMemoryChunks(), InMemorySends(), 0
    for place, kinds in enumerate(chunks):
        recipients = []
        for kind in kinds:
            number += 1
            recipients.append(Recipient(subject(number), 1))
            if kind is not None:
                sends.put_new(Send(subject(number), "autumn", kind[0], reason=kind[1]))
        lists.put_once("autumn", place, Chunk(1, recipients))
    sends.put_new(Send(subject(number + 1), "autumn", "sent"))
    sends.put_new(Send(subject(1), "winter", "failed", reason="render"))
    return lists, sends


@given(st.lists(st.lists(KINDS, max_size=250), max_size=3))
def test_every_row_of_the_lists_is_counted_once(chunks):
    """Rows of other campaigns are not, nor does the size of a read matter; chunks add up to the whole."""
    lists, sends = planned(*chunks)
    total = count_campaign("autumn", lists, sends, at_most=1000)
    kinds = [kind for chunk in chunks for kind in chunk]
    assert total.rows == Counter(kind for kind in kinds if kind is not None)
    assert total.unwritten == kinds.count(None)
    assert total.recipients == len(kinds)
    assert sum((count_chunk("autumn", place, lists, sends) for place in range(len(chunks))), Counts()) == total


def test_reads_may_run_side_by_side():
    """In a pool."""
    lists, sends = planned([("sent", "")] * 450)
    with ThreadPoolExecutor(4) as pool:
        assert count_chunk("autumn", 0, lists, sends, pool.map).rows == {("sent", ""): 450}


def test_too_many_rows_for_one_answer_are_not_counted():
    """Then each chunk is asked for; one that does not exist has none."""
    lists, sends = planned([("sent", "")] * 30, [("sent", "")] * 30)
    assert count_campaign("autumn", lists, sends, at_most=59) is None
    assert count_campaign("autumn", lists, sends, at_most=60).recipients == 60
    assert count_chunk("autumn", 7, lists, sends) == Counts()


def test_the_answer_names_every_state_and_the_reasons_there_are():
    """Settled is what is neither planned, queued nor claimed."""
    counts = Counts(Counter({("planned", ""): 3, ("skipped", "holdout"): 2, ("skipped", "cap"): 1, ("sent", ""): 4}), 5)
    said = counts_json(counts)
    assert tuple(said["counts"]) == STATES
    assert said["counts"]["skipped"] == 3
    assert said["reasons"] == {"skipped": {"cap": 1, "holdout": 2}}
    assert (said["unwritten"], said["settled"]) == (5, 7)


def test_a_campaign_is_finished_when_it_is_planned_and_all_rows_are_settled():
    """Before, `recipients` is not told, since it is not known."""
    settled = Counts(Counter({("sent", ""): 2}))
    done = Standing(campaign(), planning="planned", recipients=2)
    assert status_json(done, settled, [0])["finished"]
    assert not status_json(done, Counts(Counter({("sent", ""): 1, ("queued", ""): 1})), [0])["finished"]
    assert not status_json(done, Counts(Counter({("sent", ""): 1}), 1), [0])["finished"]
    assert not status_json(Standing(campaign(), recipients=2), settled, [0])["finished"]
    assert standing_json(Standing(campaign()))["recipients"] is None


def test_what_is_not_counted_is_null():
    """The number of chunks is that up to the highest, while some are not there yet."""
    said = status_json(Standing(campaign()), None, [0, 4])
    assert said["chunks"] == 5
    assert {said[name] for name in ("counts", "reasons", "unwritten", "settled", "finished")} == {None}
