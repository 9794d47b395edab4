"""Arrays to bytes and back, without loss: the two encodings of a recording's members.

`plain`: little-endian float64, row by row. `delta`: along each row the bit pattern of a value, read as a 64-bit
integer, less that of the value before (the first one as it is; differences wrap around), and of these integers first
all lowest bytes, then all second bytes …: what grows steadily becomes long runs that deflate shrinks well.
"""

import numpy as np

from correlator.model.frame import Floats

BYTES_PER_VALUE = 8


def encode_plain(values: Floats) -> bytes:
    """Shape (rows, steps) to rows × steps × 8 bytes."""
    return np.ascontiguousarray(values, dtype="<f8").tobytes()


def decode_plain(content: bytes, rows: int, steps: int) -> Floats:
    """The inverse of `encode_plain`; `content` has rows × steps × 8 bytes."""
    return np.frombuffer(content, dtype="<f8").reshape(rows, steps).astype(np.float64)


def encode_delta(values: Floats) -> bytes:
    """Shape (rows, steps) to rows × steps × 8 bytes that compress better."""
    bits = np.ascontiguousarray(values, dtype="<f8").view("<i8")
    differences = np.diff(bits, axis=1, prepend=np.zeros((bits.shape[0], 1), dtype="<i8"))
    return differences.astype("<i8").view(np.uint8).reshape(-1, BYTES_PER_VALUE).T.tobytes()


def decode_delta(content: bytes, rows: int, steps: int) -> Floats:
    """The inverse of `encode_delta`."""
    grouped = np.frombuffer(content, dtype=np.uint8).reshape(BYTES_PER_VALUE, -1)
    differences = np.ascontiguousarray(grouped.T).view("<i8").reshape(rows, steps)
    return np.cumsum(differences, axis=1, dtype="<i8").view("<f8").astype(np.float64)
