"""What a counter gained, told one step after the other."""

from collections.abc import Sequence
from math import isnan, nan


def gains(values: Sequence[float], alive: Sequence[bool] | None, max_gap: int) -> list[float]:
    """The gain at each step of one counter.

    `alive`: whether its target was up; None where nobody knows.
    """
    ever = [i for i, value in enumerate(values) if not isnan(value)]
    gained = []
    for i, value in enumerate(values):
        before = [j for j in ever if j < i]
        up = alive is not None and alive[i]
        after = [j for j in ever if j >= i]
        away = (
            alive is not None
            and before != []
            and after != []
            and after[0] - before[-1] > max_gap
            and all(alive[before[-1] + 1 : after[0] + 1])
        )
        if i == 0:
            gained.append(nan)
        elif away and isnan(value):
            gained.append(0.0)
        elif isnan(value):
            unborn, ended = not before, bool(ever) and i > ever[-1]
            gained.append(0.0 if up and (unborn or ended) else nan)
        elif not before:
            born = alive is not None and alive[i - 1]
            gained.append(value if born else nan)
        elif i - before[-1] > max_gap and not away:
            gained.append(nan)
        else:
            previous = values[before[-1]]
            slight = 0.99 * previous <= value < previous
            gained.append(0.0 if slight else value - previous if value >= previous else value)
    return gained
