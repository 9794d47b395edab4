"""Numbers as Prometheus writes them: Go's `strconv`, shortest digits that read back as the same number.

A panel of a day has a million of them. orjson writes digits at the speed of native code, and writes them as Go does
but for a few that are put right here.
"""

from collections.abc import Sequence
from decimal import Decimal
from math import isinf, isnan

import numpy as np
import orjson
from numpy.typing import NDArray

_LARGEST_PLAIN = 1e21
_LEAST_PLAIN = 1e-6


def float_texts(values: NDArray[np.float64]) -> bytes:
    """The texts of values of samples with a comma between: plain digits from 1e-6 to 1e21, an exponent beyond."""
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    written = written.replace(b".0,", b",").removesuffix(b".0")
    return _put_right(written, values) if b"e" in written or b"n" in written else written


def _put_right(written: bytes, values: NDArray[np.float64]) -> bytes:
    """Exponents and what JSON has no number for."""
    texts = written.split(b",")
    for place, text in enumerate(texts):
        if b"e" in text or b"n" in text:
            texts[place] = sample_text(float(values[place])).encode()
    return b",".join(texts)


def sample_text(value: float) -> str:
    """Of one value of a sample."""
    if value and not isnan(value) and not isinf(value) and not _LEAST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        return _with_exponent(value)
    return scalar_text(value)


def scalar_text(value: float) -> str:
    """Of a scalar: plain digits, however many."""
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def _with_exponent(value: float) -> str:
    """Of the form 1.5e-07: the exponent has a sign and two digits at least."""
    sign, digits, _ = Decimal(repr(value)).normalize().as_tuple()
    power = Decimal(repr(value)).adjusted()
    written = "".join(map(str, digits))
    fraction = f".{written[1:]}" if len(written) > 1 else ""
    return f"{'-' * sign}{written[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"


def instant_text(milliseconds: int) -> str:
    """Seconds with three decimals where there are any."""
    sign, (seconds, rest) = "-" * (milliseconds < 0), divmod(abs(milliseconds), 1000)
    return f"{sign}{seconds}.{rest:03d}" if rest else f"{sign}{seconds}"


def instant_texts(milliseconds: NDArray[np.int64]) -> Sequence[bytes]:
    """The same of many."""
    return [instant_text(each).encode() for each in milliseconds.tolist()]
