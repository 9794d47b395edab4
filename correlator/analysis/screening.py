"""Whom the test for slower first tokens is worth asking about: a bound of its z-scores that costs little.

Sums of products over the window yield both z-scores as they would be if blocks of steps scattered no more than
independent requests do. Real ones scatter at least as much, so nobody who is below the threshold here reaches it there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from correlator.analysis.distribution import Reference, shift
from correlator.analysis.expected import ridged
from correlator.model.frame import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """No z-score at a length lies higher: `shift` of the plain test, `given_load` of the other, both (S, V).

    0 or NaN where there is nothing to compare.
    """

    shift: Floats
    given_load: Floats


def bounds_of(counts: Floats, requests: Floats, features: Floats, lengths: Sequence[int]) -> Bounds:
    """The bounds at S ascending lengths of what is recent, up to rounding.

    From bucket counts (V, B, T) and requests (V, T), both 0 where a step is left out, and features (V, F, T), of which
    the first is 1.
    """
    size, shape = features.shape[1], (len(lengths), len(counts))
    before, recent = _products(counts, requests, features, lengths)
    normal, asked = before[:, :size], recent[:, :size, 0]
    reference, seen = Reference.of(before[:, size:, 0]), recent[:, size:, 0]
    one = np.ones(len(seen))
    plain = shift(seen, reference, one, one).strongest
    known = reference.counts.sum(axis=1)
    right = np.stack([np.einsum("nbf,nb->nf", before[:, size:], reference.scores), asked], axis=2)
    coefficients, unlike = np.moveaxis(np.linalg.solve(ridged(normal), right), 2, 0)
    rest = (seen * reference.scores).sum(axis=1) - (coefficients * asked).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.maximum((reference.counts * reference.scores**2).sum(axis=1) / known, 0.25 / (known + 1.0))
        given = rest / np.sqrt(variance * (asked[:, 0] + (unlike * asked).sum(axis=1)))
    return Bounds(plain.reshape(shape), given.reshape(shape))


def _products(counts: Floats, requests: Floats, features: Floats, lengths: Sequence[int]) -> tuple[Floats, Floats]:
    """Those of requests and bucket counts times features, before and over the last steps, each (S * V, F + B, F)."""
    weighed = np.concatenate([features * requests[:, None, :], counts], axis=1)
    steps = features.shape[2]
    edges = [0, *(steps - length for length in reversed(lengths)), steps]
    parts = [weighed[:, :, a:b] @ features[:, :, a:b].transpose(0, 2, 1) for a, b in pairwise(edges)]
    before, recent = accumulate(parts[:-1]), accumulate(parts[:0:-1])
    return np.concatenate([*before][::-1]), np.concatenate([*recent])
