"""Answers of queries as JSON. `resultType` comes first: Grafana's parser must know it before it reads the result."""

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from correlator.promql import Answer, LabelSet, Samples, Vector
from correlator.web.prometheus.numbers import float_texts, instant_text, instant_texts, scalar_text

Flags: TypeAlias = NDArray[np.bool_]


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
    for labels, text in zip(vector.labels, float_texts(vector.values[:, 0]), strict=True):
        yield b'{"metric":%b,"value":[%b,"%b"]}' % (_metric(labels), at, text)


def _matrix(
    labels: Sequence[LabelSet], values: NDArray[np.float64], present: Flags, times: NDArray[np.int64]
) -> Iterator[bytes]:
    """Series with a value somewhere. What stands between two values is the same for all series: it is made once."""
    betweens = [b'"],[%b,"' % text for text in instant_texts(times)]
    parts = [b""] * (2 * len(betweens))
    parts[0::2] = betweens
    for row, each in enumerate(labels):
        shown = present[row]
        if shown.all():
            parts[1::2] = float_texts(values[row])
            yield _series(each, parts)
        elif shown.any():
            some = [b""] * (2 * int(shown.sum()))
            some[0::2] = compress(betweens, shown.tolist())
            some[1::2] = float_texts(values[row][shown])
            yield _series(each, some)


def _series(labels: LabelSet, parts: Sequence[bytes]) -> bytes:
    """The first of the parts closes a pair that there is not."""
    return b'{"metric":%b,"values":[%b"]]}' % (_metric(labels), b"".join(parts)[len(b'"],') :])
