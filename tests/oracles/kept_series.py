"""Series for comparing answers: they come and go, there are gaps, and sums of them are exact in any order."""

import numpy as np

from correlator.model.series import SeriesMatrix

BEGIN_MS = 1_700_000_000_000
STEP_MS = 15_000
CYCLES = 720
"""Three hours."""

GAPS = ((200, 212), (400, 460))
"""Cycles that there were none of: three minutes are bridged by what was shown before, a quarter of an hour is not."""

EXTREMES = (1e-7, 1.5e-9, 1e-6, 123456789.0, 1e6, 1e15, 1e16, 1e17, 1e20, 1e21, 1.25e22, -0.0, -1e-7, np.inf, -np.inf)


def kept_series(seed: int = 1) -> SeriesMatrix:
    """Forty series of five metrics and one of extreme values. Values are multiples of 1/1024, all different."""
    rng = np.random.default_rng(seed)
    labels = [
        *(
            {"__name__": "ttft", "namespace": n, "pod": p, "statistic": s}
            for n in "ab"
            for p in "xyz"
            for s in ("p50", "p95")
        ),
        *(
            {"__name__": "baseline", "namespace": n, "pod": p, "statistic": s}
            for n in "ab"
            for p in "xyz"
            for s in ("p50", "p95")
        ),
        *({"__name__": "active", "namespace": n, "pod": p} for n in "ab" for p in "xyz"),
        *(
            {"__name__": "info", "namespace": n, "pod": p, "volume": v}
            for n in "ab"
            for p in "xy"
            for v in ("n1/sda", 'ü "\\')
        ),
        *({"__name__": "extreme", "pod": f"e{number}"} for number in range(len(EXTREMES))),
    ]
    taken = [cycle for cycle in range(CYCLES) if not any(first <= cycle < end for first, end in GAPS)]
    values = rng.permutation(len(labels) * len(taken)).reshape(len(labels), len(taken)) / 1024
    for row, each in enumerate(labels):
        if each["__name__"] == "active":
            values[row] = rng.integers(0, 2, len(taken))
        elif each["__name__"] == "extreme":
            values[row] = EXTREMES[int(each["pod"][1:])]
        else:
            _interrupt(values[row], rng)
    return SeriesMatrix(labels, np.array(taken) * STEP_MS + BEGIN_MS, values)


def _interrupt(values: np.ndarray, rng: np.random.Generator) -> None:
    """Some spans without the series, from single cycles to an hour."""
    for _ in range(int(rng.integers(0, 5))):
        first, length = int(rng.integers(0, len(values))), int(rng.choice([1, 2, 10, 240]))
        values[first : first + length] = np.nan
