"""Values of many series at the same times as few bytes, without loss.

What is exported has six significant digits, so a value is a whole number and a power of ten. Numbers that belong
together lie together (the exponents, then each byte of the differences from time to time), which zlib shrinks well.
Series that are not made of such numbers are kept as floats.
"""

import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats

CHUNK_ROWS: Final = 64
"""Series that are packed, and unpacked, together: few enough that one series is cheap to read."""

LEVEL: Final = 6
_DECIMAL, _FLOAT = b"d", b"f"
_DIGITS: Final = 6
_ABSENT: Final = 255
_LARGEST: Final = 22  # the largest power of ten that a float holds exactly
_POWERS: Final = np.where(np.arange(256) <= _LARGEST, 10.0 ** np.minimum(np.arange(256), _LARGEST), np.nan)
_MOST: Final = 2**31 - 1
_HEADER: Final = struct.Struct("<II")  # rows, times


def pack(values: Floats) -> bytes:
    """The inverse of `Packed.rows`; `values` is (series, times), NaN where a series was not exported."""
    chunks = [_pack_chunk(values[start : start + CHUNK_ROWS]) for start in range(0, len(values), CHUNK_ROWS)]
    lengths = np.array([len(chunk) for chunk in chunks], "<u4")
    return b"".join([_HEADER.pack(*values.shape), lengths.tobytes(), *chunks])


def pack_times(times: NDArray[np.int64]) -> bytes:
    """Whole seconds, ascending; shape (n,)."""
    return zlib.compress(np.diff(times, prepend=0).astype("<i8").tobytes(), LEVEL)


def unpack_times(data: bytes) -> NDArray[np.int64]:
    """The inverse of `pack_times`. Raises ValueError on anything else."""
    return np.cumsum(np.frombuffer(_inflated(data), "<i8"), dtype=np.int64)


class Packed:
    """What `pack` made, of which any chunk can be read. Raises ValueError where it is damaged."""

    def __init__(self, data: bytes) -> None:
        try:
            self.rows, self.times = _HEADER.unpack_from(data)
            count = -(-self.rows // CHUNK_ROWS)
            lengths = np.frombuffer(data, "<u4", count, _HEADER.size)
        except (struct.error, ValueError) as error:
            raise ValueError(f"no packed series: {error}") from error
        self._ends = _HEADER.size + 4 * count + np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        if self._ends[-1] != len(data):
            raise ValueError(f"packed series of {self._ends[-1]} bytes have {len(data)}")
        self._data = data

    def chunk(self, number: int) -> Floats:
        """The rows from `number * CHUNK_ROWS` on, CHUNK_ROWS of them at most."""
        if number + 1 >= len(self._ends):
            raise ValueError(f"packed series of {self.rows} rows have no chunk {number}")
        rows = min(CHUNK_ROWS, self.rows - number * CHUNK_ROWS)
        return _unpack_chunk(self._data[self._ends[number] : self._ends[number + 1]], (rows, self.times))


def _pack_chunk(values: Floats) -> bytes:
    packed = _decimal(values)
    if packed is None:
        return _FLOAT + zlib.compress(_planes(np.ascontiguousarray(values, "<f8")), LEVEL)
    return _DECIMAL + zlib.compress(packed, LEVEL)


def _decimal(values: Floats) -> bytes | None:
    """Exponents and numbers; None where a value is not made of them."""
    known = ~np.isnan(values)
    if np.isinf(values).any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        places = _DIGITS - 1 - np.floor(np.log10(np.abs(values)))
    fraction = known & (values != np.floor(values))
    exponents = np.where(fraction, np.clip(places, 0, _LARGEST), 0).astype(np.uint8)
    numbers = np.where(known, np.rint(np.where(known, values, 0.0) * _POWERS[exponents]), 0.0)
    if (np.abs(numbers) > _MOST).any() or (numbers / _POWERS[exponents] != values)[known].any():
        return None
    differences = np.diff(numbers.astype(np.int64), axis=1, prepend=0).astype("<i4")  # wraps around, and back
    return np.where(known, exponents, _ABSENT).astype(np.uint8).tobytes() + _planes(differences)


def _unpack_chunk(data: bytes, shape: tuple[int, int]) -> Floats:
    kind, count = data[:1], shape[0] * shape[1]
    plain = np.frombuffer(_inflated(data[1:]), np.uint8)
    width = {_DECIMAL: 5, _FLOAT: 8}.get(kind)
    if width is None or len(plain) != width * count:
        raise ValueError(f"a chunk of {shape[0]} series at {shape[1]} times has {len(plain)} bytes of kind {kind!r}")
    if kind == _FLOAT:
        return _of_planes(plain, "<f8").reshape(shape).astype(np.float64)
    exponents = plain[:count].reshape(shape)
    numbers = np.cumsum(_of_planes(plain[count:], "<i4").reshape(shape), axis=1, dtype=np.int32)
    values: Floats = numbers / _POWERS[exponents]
    return values


def _planes(numbers: NDArray[np.generic]) -> bytes:
    """The first byte of all numbers, then the second, and so on."""
    return np.ascontiguousarray(numbers.reshape(-1, 1).view(np.uint8).T).tobytes()


def _of_planes(plain: NDArray[np.uint8], kind: str) -> NDArray[np.generic]:
    width = np.dtype(kind).itemsize
    return np.ascontiguousarray(plain.reshape(width, -1).T).view(kind).ravel()


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(f"not compressed by us: {error}") from error
