"""Unit tests meet no network: a socket fails the test, save where it says that it needs loopback."""

import pytest
import pytest_socket


def pytest_collection_modifyitems(items):
    """Leave property tests out of coverage: hundreds of runs at thrice the time of lines that examples must cover."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("no_cover")


@pytest.fixture(autouse=True)
def _no_network():
    """Allow sockets of this machine's file system alone (multiprocessing, asyncio)."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()
