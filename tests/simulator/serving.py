"""An inference server: requests wait for a slot, read from storage, are prefilled on one accelerator, give a token."""

import heapq
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from tests.simulator.case import Floats

FAR_SECONDS = 1e7
"""Requests that outlast the simulation go on at the pace of its last tick."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What N requests need, in order of arrival: `at` seconds, `reads` operations, `compute` seconds."""

    at: Floats
    reads: Floats
    compute: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """When things happened to each request, in the order of arrival, shape (N,)."""

    started_at: Floats
    read_at: Floats
    first_token_at: Floats


def serve_requests(work: Work, slots: int, times: Floats, pace: Floats) -> Served:
    """Serve in order of arrival with `slots` requests in prefill at most; the accelerator takes them as they are read.

    `pace` (K,) is how many read operations a second one request gets between `times[k]` and `times[k + 1]`, and the
    last one ever after. Where slots never run out, everything is known without going from event to event.
    """
    times = np.append(times, times[-1] + FAR_SECONDS)
    progress = np.concatenate([[0.0], np.cumsum(pace * np.diff(times))])
    served = serve_unbounded(work, times, progress)
    if _most_inside(work.at, served.first_token_at) <= slots:
        return served
    return _Server(work, slots, times, progress).run()


def serve_unbounded(work: Work, times: Floats, progress: Floats) -> Served:
    """As if there were any number of slots: reads begin at once, and Lindley's recursion gives the accelerator's queue.

    `progress` (K,) is how many reads a request would have done by `times` (K,).
    """
    ready = np.interp(np.interp(work.at, times, progress) + work.reads, progress, times)
    order = np.argsort(ready, kind="stable")
    done = np.cumsum(work.compute[order])
    first = np.empty_like(ready)
    first[order] = done + np.maximum.accumulate(ready[order] - done + work.compute[order])
    return Served(work.at.copy(), ready, first)


def _most_inside(entered: Floats, left: Floats) -> int:
    """The most requests inside at once."""
    if not len(entered):
        return 0
    before = np.searchsorted(np.sort(left), entered, side="right")
    return int((np.arange(1, len(entered) + 1) - before).max())


class _Server:
    """The event loop. Slots are freed in the order of completions, since the accelerator works one by one."""

    def __init__(self, work: Work, slots: int, times: Floats, progress: Floats) -> None:
        self._work, self._slots = work, slots
        self._times: list[float] = times.tolist()
        self._done: list[float] = progress.tolist()
        self._first = float(times[0])
        self._tick = float(times[1] - times[0])

    def run(self) -> Served:
        at, reads, compute = self._work.at.tolist(), self._work.reads.tolist(), self._work.compute.tolist()
        number = len(at)
        started, read, first = [0.0] * number, [0.0] * number, [0.0] * number
        reading: list[tuple[float, int]] = []
        completions: list[float] = []
        free = 0.0
        for index in range(number):
            begin = at[index]
            freed = index - self._slots
            while freed >= len(completions):
                ready, which = heapq.heappop(reading)
                free = (max(free, ready)) + compute[which]
                first[which] = free
                completions.append(free)
            if freed >= 0 and completions[freed] > begin:
                begin = completions[freed]
            started[index] = begin
            read[index] = ready = self._read_until(begin, reads[index])
            heapq.heappush(reading, (ready, index))
        while reading:
            ready, which = heapq.heappop(reading)
            free = (max(free, ready)) + compute[which]
            first[which] = free
        return Served(np.array(started), np.array(read), np.array(first))

    def _read_until(self, begin: float, reads: float) -> float:
        """When so many reads are done that begin at `begin`."""
        times, done = self._times, self._done
        tick = min(max(int((begin - self._first) / self._tick), 0), len(times) - 2)
        share = (begin - times[tick]) / (times[tick + 1] - times[tick])
        target = done[tick] + share * (done[tick + 1] - done[tick]) + reads
        end = min(bisect_right(done, target, tick) - 1, len(times) - 2)
        return times[end] + (times[end + 1] - times[end]) * (target - done[end]) / (done[end + 1] - done[end])
