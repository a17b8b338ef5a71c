"""What all tests of `watch_models` look at: tables of a training day, and kinds published on them."""

import pytest

from tests.fakes.s3 import InMemoryS3
from tests.functions.watch_models.watched_models import generated_tables, published


@pytest.fixture(scope="module")
def tables():
    """Return the tables of the training day."""
    return generated_tables()


@pytest.fixture
def s3() -> InMemoryS3:
    """Publish the kinds on the training day's tables."""
    return published()
