"""Fetch and evaluate: the one way from a source to findings, for the daemon, `explain`, `backtest` and `record`.

What lives here: the grid of steps, the rolling window of columns, the walk over them. What must not: clocks, sleeping,
the store, statistics. Who imports it: `daemon` and `cli`.
"""

from correlator.inquiry.explanation import Explanation, explain
from correlator.inquiry.inquiry import Inquiry, Progress, Walk

__all__ = ["Explanation", "Inquiry", "Progress", "Walk", "explain"]
