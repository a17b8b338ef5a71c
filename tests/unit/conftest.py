"""Unit tests meet no network: a socket fails the test, save where it says that it needs loopback."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_network():
    """Allow sockets of this machine's file system alone (multiprocessing, asyncio)."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()
