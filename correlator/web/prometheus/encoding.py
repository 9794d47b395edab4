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
Pairs: TypeAlias = Callable[[NDArray[np.float64], Flags], bytes]


def encoded(answer: Answer) -> Iterator[bytes]:
    """The `data` of a query's answer in pieces: a large one is put together once, not thrice."""
    yield b'{"resultType":"%b","result":[' % answer.kind.encode()
    for number, item in enumerate(_items(answer)):
        if number:
            yield b","
        yield item
    yield b"]}"


def _items(answer: Answer) -> Iterator[bytes]:
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
) -> Iterator[bytes]:
    """Series with a value somewhere."""
    texts = instant_texts(times)
    pairs = _patched_pairs(texts) if len({len(text) for text in texts}) == 1 else _joined_pairs(texts)
    for row, each in enumerate(labels):
        shown = present[row]
        if shown.any():
            yield b'{"metric":%b,"values":%b}' % (_metric(each), pairs(values[row], shown))


def _joined_pairs(texts: Sequence[bytes]) -> Pairs:
    """`[[time,"value"],…]`, put together piece by piece."""
    betweens = [b'"],[%b,"' % text for text in texts]

    def pairs(values: NDArray[np.float64], shown: Flags) -> bytes:
        parts = [b""] * (2 * int(shown.sum()))
        parts[0::2] = compress(betweens, shown.tolist())
        parts[1::2] = _split(float_texts(values[shown]))
        return b'[%b"]]' % b"".join(parts)[len(b'"],') :]

    return pairs


def _patched_pairs(texts: Sequence[bytes]) -> Pairs:
    """The same where all times are of equal length: they are written over zeros that hold their places.

    A panel of a day has a million pairs, and to make an object of each takes longer than to write all digits.
    """
    width = len(texts[0])
    stamps = np.frombuffer(b"".join(texts), f"V{width}")
    begin, between = b'[[%b,"' % (b"0" * width), b'"],[%b,"' % (b"0" * width)

    def pairs(values: NDArray[np.float64], shown: Flags) -> bytes:
        chosen, values = (stamps, values) if shown.all() else (stamps[shown], values[shown])
        written = float_texts(values)
        commas = np.flatnonzero(np.frombuffer(written, np.uint8) == ord(","))
        body = bytearray(b'%b%b"]]' % (begin, written.replace(b",", between)))
        places = np.full(len(chosen), len(b"[["))
        places[1:] = len(begin) + commas + len(b'"],[') + np.arange(len(commas)) * (len(between) - 1)
        everywhere = np.ndarray((len(body) - width + 1,), stamps.dtype, body, strides=(1,))
        everywhere[places] = chosen
        return bytes(body)

    return pairs
