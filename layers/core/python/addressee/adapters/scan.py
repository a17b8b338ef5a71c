"""A parallel Scan of a whole DynamoDB table, its rows as they come."""

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

SEGMENTS = 8
Page = Mapping[str, Any]


def scan_all(dynamodb: Any, *, segments: int = SEGMENTS, **asked: Any) -> Iterator[Page]:  # noqa: ANN401  # botocore's own
    """Give every row that `asked` (DynamoDB's names) selects, in no order; eventually consistent, at half the price.

    Each segment reads one page ahead, so at most as many pages as segments wait in memory.
    """
    with ThreadPoolExecutor(segments) as pool:

        def read(segment: int, start: Page) -> "Future[Page]":
            return pool.submit(dynamodb.scan, Segment=segment, TotalSegments=segments, **start, **asked)

        running = {read(segment, {}): segment for segment in range(segments)}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                segment, page = running.pop(future), future.result()
                if "LastEvaluatedKey" in page:
                    running[read(segment, {"ExclusiveStartKey": page["LastEvaluatedKey"]})] = segment
                yield from page["Items"]
