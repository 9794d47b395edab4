"""Answers of queries as JSON. `resultType` comes first: Grafana's parser must know it before it reads the result."""

from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from typing import TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from correlator.promql import Answer, LabelSet, Samples, Vector
from correlator.web.prometheus.numbers import float_texts, instant_text, instant_texts, scalar_text

Flags: TypeAlias = NDArray[np.bool_]
Piece: TypeAlias = bytes | bytearray
SeriesText: TypeAlias = Callable[[bytes, NDArray[np.float64], Flags | None], Piece]
"""Of its labels as JSON, its values, and which of them are shown (None: all)."""

_COMMA = ord(",")


def encoded(answer: Answer) -> Iterator[Piece]:
    """The `data` of a query's answer in pieces: a large one is put together once, not thrice."""
    yield b'{"resultType":"%b","result":[' % answer.kind.encode()
    for number, item in enumerate(_items(answer)):
        if number:
            yield b","
        yield item
    yield b"]}"


def _items(answer: Answer) -> Iterator[Piece]:
    value = answer.value
    match value:
        case Vector() if answer.kind == "vector":
            return _vector(value, int(answer.times[0]))
        case Vector():
            return _matrix(value.labels, value.values, value.present, answer.times)
        case Samples():
            return _matrix(value.labels, value.values, ~np.isnan(value.values), answer.times)
    at = instant_text(int(answer.times[0])).encode()
    text = orjson.dumps(value if isinstance(value, str) else scalar_text(float(value[0])))
    return iter((at, text))


def _metric(labels: LabelSet) -> bytes:
    return orjson.dumps(dict(labels))


def _vector(vector: Vector, at_ms: int) -> Iterator[bytes]:
    at = instant_text(at_ms).encode()
    for labels, text in zip(vector.labels, _split(float_texts(vector.values[:, 0])), strict=True):
        yield b'{"metric":%b,"value":[%b,"%b"]}' % (_metric(labels), at, text)


def _split(texts: bytes) -> list[bytes]:
    return texts.split(b",") if texts else []


def _matrix(
    labels: Sequence[LabelSet], values: NDArray[np.float64], present: Flags, times: NDArray[np.int64]
) -> Iterator[Piece]:
    """Series with a value somewhere."""
    texts = instant_texts(times)
    series = _patched(texts) if len({len(text) for text in texts}) == 1 else _joined(texts)
    counts = present.sum(axis=1).tolist()
    for row, each in enumerate(labels):
        if counts[row]:
            shown = None if counts[row] == len(times) else present[row]
            yield series(_metric(each), values[row], shown)


def _joined(texts: Sequence[bytes]) -> SeriesText:
    """`[[time,"value"],…]`, put together piece by piece."""
    betweens = [b'"],[%b,"' % text for text in texts]

    def series(metric: bytes, values: NDArray[np.float64], shown: Flags | None) -> bytes:
        times = betweens if shown is None else list(compress(betweens, shown.tolist()))
        parts = [b""] * (2 * len(times))
        parts[0::2] = times
        parts[1::2] = _split(float_texts(values if shown is None else values[shown]))
        return b'{"metric":%b,"values":[%b"]]}' % (metric, b"".join(parts)[len(b'"],') :])

    return series


def _patched(texts: Sequence[bytes]) -> SeriesText:
    """The same where all times are of equal length: they are written over zeros that hold their places.

    A panel of a day has a million pairs, and to make an object of each takes longer than to write all digits.
    """
    width = len(texts[0])
    stamps = np.frombuffer(b"".join(texts), f"V{width}")
    begin, between = b'[[%b,"' % (b"0" * width), b'"],[%b,"' % (b"0" * width)
    after = np.arange(len(texts)) * (len(between) - 1) + len(begin) + len(b'"],[')

    def series(metric: bytes, values: NDArray[np.float64], shown: Flags | None) -> bytearray:
        chosen, values = (stamps, values) if shown is None else (stamps[shown], values[shown])
        written = float_texts(values)
        head = b'{"metric":%b,"values":' % metric
        text = bytearray().join((head, begin, written.replace(b",", between), b'"]]}'))
        places = np.empty(len(chosen), np.intp)
        places[0] = len(b"[[")
        (commas,) = (np.frombuffer(written, np.uint8) == _COMMA).nonzero()
        np.add(commas, after[: len(commas)], out=places[1:])
        everywhere = np.ndarray((len(text) - len(head) - width + 1,), stamps.dtype, text, len(head), (1,))
        everywhere[places] = chosen
        return text

    return series
