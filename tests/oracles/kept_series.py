"""Series for comparing answers: they come and go, there are gaps, and sums of them are exact in any order."""

import numpy as np
from numpy.typing import NDArray

from correlator.model.series import SeriesMatrix

BEGIN_MS = 1_700_000_000_000
STEP_MS = 15_000
CYCLES = 720
"""Three hours."""

GAPS = ((200, 212), (400, 460))
"""Cycles that there were none of: three minutes are bridged by what was shown before, a quarter of an hour is not."""

EXTREMES = (1e-7, 1.5e-9, 1e-6, 123456789.0, 1e6, 1e15, 1e16, 1e17, 1e20, 1e21, 1.25e22, -0.0, -1e-7, np.inf, -np.inf)


STATISTICS = ("p50", "p95")
VOLUMES = ("n1/sda", 'ü "\\')


def kept_series(seed: int = 1) -> SeriesMatrix:
    """Forty series of four metrics, all values different multiples of 1/1024; extreme values; and any at all."""
    rng = np.random.default_rng(seed)
    victims = [{"namespace": namespace, "pod": pod} for namespace in "ab" for pod in "xyz"]
    labels = [
        *({"__name__": "active", **victim} for victim in victims),
        *(
            {"__name__": name, **v, "statistic": s}
            for name in ("baseline", "ttft")
            for v in victims
            for s in STATISTICS
        ),
        *({"__name__": "info", **victim, "volume": v} for victim in victims for v in VOLUMES if victim["pod"] != "z"),
        *({"__name__": "extreme", "pod": f"e{number}"} for number in range(len(EXTREMES))),
        {"__name__": "wild"},
    ]
    taken = [cycle for cycle in range(CYCLES) if not any(first <= cycle < end for first, end in GAPS)]
    values = rng.permutation(len(labels) * len(taken)).reshape(len(labels), len(taken)) / 1024
    for row, each in enumerate(labels):
        if each["__name__"] == "active":
            values[row] = rng.integers(0, 2, len(taken))
        elif each["__name__"] == "wild":
            values[row] = _of_any_bits(rng, len(taken))
        elif each["__name__"] == "extreme":
            values[row] = EXTREMES[int(each["pod"][1:])]
        else:
            _interrupt(values[row], rng)
    return SeriesMatrix(labels, np.array(taken) * STEP_MS + BEGIN_MS, values)


def _of_any_bits(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Numbers of any size; what would be NaN is infinite."""
    bits = rng.integers(0, 2**64, count, np.uint64, endpoint=False)
    return np.nan_to_num(bits.view(np.float64), nan=np.inf, posinf=np.inf, neginf=-np.inf)


def _interrupt(values: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Some spans without the series, from single cycles to an hour."""
    for _ in range(int(rng.integers(0, 5))):
        first, length = int(rng.integers(0, len(values))), int(rng.choice([1, 2, 10, 240]))
        values[first : first + length] = np.nan
