"""Named numpy arrays to `.npz` bytes and back: no pickle, and equal arrays give equal bytes."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Pack arrays as an `.npz`: sorted names, a fixed time stamp, stored and not compressed.

    Not compressed, because the output of a compressor changes with its version, and bytes are compared by hash.
    Raises `ValueError` for arrays of Python objects.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            inner = io.BytesIO()
            np.lib.format.write_array(inner, np.ascontiguousarray(arrays[name]), version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=_ZIP_EPOCH), inner.getbuffer())
    return buffer.getvalue()


def unpack_arrays(packed: bytes) -> dict[str, Array]:
    """Read what `pack_arrays` wrote; refuses pickled objects with `ValueError`."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
