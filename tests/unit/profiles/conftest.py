"""DuckDB for tests that ask it for a value or two."""

from collections.abc import Iterator

import duckdb
import pytest


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to an empty database that only these tests use."""
    with duckdb.connect() as own:
        yield own
