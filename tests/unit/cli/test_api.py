"""Batches as clients send them."""

from cli.api import MAX_BATCH_BYTES, MESSAGES_PER_BATCH, batches


def test_messages_are_cut_by_number_and_size_in_their_order():
    """Keep to both limits and lose nothing."""
    small = [{"messageId": str(number)} for number in range(250)]
    assert [len(batch) for batch in batches(small)] == [MESSAGES_PER_BATCH, MESSAGES_PER_BATCH, 50]
    large = [{"messageId": "x" * (MAX_BATCH_BYTES // 2)}] * 3
    assert [len(batch) for batch in batches(large)] == [1, 1, 1]
    assert [each for batch in batches(small) for each in batch] == small
    assert list(batches([])) == []
