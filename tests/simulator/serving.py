"""An inference server: requests wait for a slot, read from storage, are prefilled on one accelerator, give a token."""

import heapq
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from tests.simulator.case import Floats


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

    `pace` (K,) is how many read operations a second one request gets between `times[k]` and `times[k + 1]`.
    """
    progress = np.concatenate([[0.0], np.cumsum(pace[:-1] * np.diff(times))])
    return _Server(work, slots, times, progress, float(pace[-1])).run()


class _Server:
    """The event loop. Slots are freed in the order of completions, since the accelerator works one by one."""

    def __init__(self, work: Work, slots: int, times: Floats, progress: Floats, last_pace: float) -> None:
        self._work, self._slots = work, slots
        self._times: list[float] = times.tolist()
        self._done: list[float] = progress.tolist()
        self._last_pace = last_pace
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
        if reads <= 0:
            return begin
        times, done = self._times, self._done
        last = len(times) - 1
        tick = min(max(int((begin - self._first) / self._tick), 0), last)
        if tick == last:
            return begin + reads / self._last_pace
        share = (begin - times[tick]) / self._tick
        target = done[tick] + share * (done[tick + 1] - done[tick]) + reads
        end = bisect_right(done, target, tick) - 1
        if end >= last:
            return times[last] + (target - done[last]) / self._last_pace
        return times[end] + self._tick * (target - done[end]) / (done[end + 1] - done[end])
