"""One thread of linear algebra: sums in one order, so that the same input gives the same bytes on any machine."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS and OpenMP to one thread: with more, the order of sums and the last bits depend on their number."""
    import scipy.linalg  # noqa: F401, PLC0415  # its BLAS must be loaded, or it is not held
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  # training only

    with threadpool_limits(1):
        yield
