"""Kept series written into a real Prometheus, with the markers by which a series ends: Remote Write 1.0.

    with prometheus(folder, arguments=RECEIVING) as url:
        write(url, matrix)

Times may lie years back, but must not go back: what is written must follow what is there already.
"""

import struct
import urllib.request
from collections.abc import Iterator
from typing import Final

import numpy as np

from correlator.model.series import Labels, SeriesMatrix

RECEIVING: Final = ("--web.enable-remote-write-receiver",)
AT_ONCE_MS: Final = 1_200_000  # a server refuses what is an hour older than its newest sample
_STALE: Final = struct.unpack("<d", (0x7FF0000000000002).to_bytes(8, "little"))[0]
_LITERAL: Final = 0xF4  # a snappy literal whose length, less one, stands in two bytes
_LARGEST_LITERAL: Final = 65_536


def write(url: str, matrix: SeriesMatrix) -> None:
    """Write every reading, and the end of a series where the next cycle no longer has it."""
    first = 0
    while first < len(matrix.times):
        end = int(np.searchsorted(matrix.times, matrix.times[first] + AT_ONCE_MS, "right"))
        body = b"".join(_series(matrix, row, first, end) for row in range(len(matrix.labels)))
        _post(url, body)
        first = end


def _series(matrix: SeriesMatrix, row: int, first: int, end: int) -> bytes:
    samples = b"".join(_field(2, _sample(*each)) for each in _samples(matrix, row, first, end))
    return _field(1, _labels(matrix.labels[row]) + samples) if samples else b""


def _samples(matrix: SeriesMatrix, row: int, first: int, end: int) -> Iterator[tuple[float, int]]:
    for column in range(first, end):
        value, at = float(matrix.values[row, column]), int(matrix.times[column])
        if not np.isnan(value):
            yield value, at
        elif column and not np.isnan(matrix.values[row, column - 1]):
            yield _STALE, at


def _labels(labels: Labels) -> bytes:
    return b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in sorted(labels.items())
    )


def _sample(value: float, at: int) -> bytes:
    return b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def _post(url: str, body: bytes) -> None:
    pieces = [body[first : first + _LARGEST_LITERAL] for first in range(0, len(body), _LARGEST_LITERAL)]
    compressed = _varint(len(body)) + b"".join(
        bytes([_LITERAL]) + (len(piece) - 1).to_bytes(2, "little") + piece for piece in pieces
    )
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    request = urllib.request.Request(f"{url}/api/v1/write", compressed, headers)  # noqa: S310 - a loopback URL
    with urllib.request.urlopen(request, timeout=60):  # noqa: S310 - the same
        pass
