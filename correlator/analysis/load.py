"""How much of a rise of TTFT the requests themselves explain: more of them, or longer prompts.

Only what comes from outside is used. Waiting and running requests also rise because storage is slow, so they
enter only through the balance that yields arrivals.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from scipy.optimize import nnls

from correlator.analysis.victims import Victim
from correlator.analysis.windows import Spans, block_means, mean_over, ratio_over
from correlator.model.finding import Change
from correlator.model.frame import Floats

UP_RATIO = 1.25
BEYOND = 0.97
"""A load is up when it exceeds its baseline by UP_RATIO and lies above this share of equally long quiet stretches."""

FIT_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadView:
    """Load before and during a regression; NaN where it could not be seen.

    `explained_seconds` is the rise of mean TTFT that a model fitted on the quiet steps expects from this load.
    """

    arrivals: Change
    prompt_length: Change
    arrivals_up: bool
    prompts_up: bool
    explained_seconds: float
    seen: bool

    @property
    def is_up(self) -> bool:
        """Whether load rose beyond what is usual."""
        return self.arrivals_up or self.prompts_up


def view_load(victim: Victim, spans: Spans) -> LoadView:
    """Load around one regression."""
    arrivals = np.where(np.isfinite(victim.arrivals), victim.arrivals, victim.first_tokens) / victim.step
    with np.errstate(invalid="ignore", divide="ignore"):
        lengths = np.where(victim.first_tokens > 0, victim.prompt_tokens / victim.first_tokens, np.nan)
    length_before = ratio_over(victim.prompt_tokens, victim.first_tokens, spans.before)
    length_during = ratio_over(victim.prompt_tokens, victim.first_tokens, spans.during)
    rate_before, rate_during = mean_over(arrivals, spans.before), mean_over(arrivals, spans.during)
    return LoadView(
        arrivals=change(rate_before, rate_during),
        prompt_length=change(length_before, length_during),
        arrivals_up=_is_up(arrivals, spans, rate_before, rate_during),
        prompts_up=_is_up(lengths, spans, length_before, length_during),
        explained_seconds=_explained(victim, arrivals, lengths, spans),
        seen=bool(np.isfinite(rate_before) and np.isfinite(rate_during)),
    )


def change(before: float, during: float) -> Change:
    """A change with unknown sides as None."""
    return Change(*(float(value) if isfinite(value) else None for value in (before, during)))


def _is_up(values: Floats, spans: Spans, before: float, during: float) -> bool:
    if not (np.isfinite(before) and np.isfinite(during)) or during < UP_RATIO * before:
        return False
    length = max(1, min(int(spans.during.sum()), int(spans.before.sum()) // 4))
    blocks = block_means(values, spans.before, length)
    return bool(len(blocks) and (blocks < during).mean() >= BEYOND)


def _explained(victim: Victim, arrivals: Floats, lengths: Floats, spans: Spans) -> float:
    """Rise of mean TTFT that prompt length and token rate predict, with non-negative weights; NaN without a fit."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(victim.first_tokens > 0, victim.ttft_sum / victim.first_tokens, np.nan)
    pressure = arrivals * lengths
    columns = np.stack([np.ones_like(mean), lengths, pressure])
    usable = spans.before & np.isfinite(columns).all(axis=0) & np.isfinite(mean)
    if usable.sum() < FIT_STEPS:
        return float("nan")
    weight = np.sqrt(victim.first_tokens[usable])
    scale = np.maximum(columns[:, usable].mean(axis=1), 1e-12)
    coefficients, _ = nnls((columns[:, usable] / scale[:, None] * weight).T, mean[usable] * weight)
    during = spans.during & np.isfinite(columns).all(axis=0)
    if not during.any():
        return 0.0
    rise = columns[:, during].mean(axis=1) - columns[:, usable].mean(axis=1)
    return max(0.0, float((coefficients / scale) @ rise))
