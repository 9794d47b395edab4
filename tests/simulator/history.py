"""The days before a case, at a coarse step: the same pods on the same devices, with the same course of the day."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tests.simulator.case import Floats, Telemetry
from tests.simulator.names import LETTERS, draw_text, draw_uid
from tests.simulator.patterns import waver
from tests.simulator.running import run
from tests.simulator.scene import Clock, Scene, Stream, Victim
from tests.simulator.seasons import DAY_SECONDS, Season
from tests.simulator.telemetry import telemetry_of

STEP_SECONDS, TICK_SECONDS, INTERVAL_SECONDS = 300, 60.0, 60


def history_of(scene: Scene, season: Season, days: int, *, repeats: bool) -> Telemetry:
    """So many days until the case begins. With `repeats` all that happens today happened each day at the same hour."""
    past = _Past(scene, season, _clock(scene.clock, days), repeats=repeats)
    earlier = past.scene()
    return telemetry_of(earlier, run(earlier))


def _clock(today: Clock, days: int) -> Clock:
    start = int((today.start - days * DAY_SECONDS) // STEP_SECONDS) * STEP_SECONDS
    count = int((today.start - start) // STEP_SECONDS)
    first = start - INTERVAL_SECONDS - TICK_SECONDS
    number = int((start + count * STEP_SECONDS - first) / TICK_SECONDS) + 1
    edges = first + TICK_SECONDS * np.arange(number + 1, dtype=np.float64)
    return Clock(start, STEP_SECONDS, count, edges, float(edges[-1]), float(edges[-1]))


class _Past:
    """Carries a scene over to earlier days."""

    def __init__(self, today: Scene, season: Season, clock: Clock, *, repeats: bool) -> None:
        self._today, self._season, self._clock, self._repeats = today, season, clock, repeats
        self._before = today.clock.ticks < today.clock.event_start
        since = (clock.ticks - today.clock.edges[0]) % DAY_SECONDS
        self._tick: NDArray[np.intp] = np.minimum(
            (since / today.clock.tick).astype(np.intp), len(today.clock.ticks) - 1
        )
        self._is_known = since < today.clock.edges[-1] - today.clock.edges[0]

    def scene(self) -> Scene:
        """The same cluster on those days; pods that were born today had forerunners where all repeats."""
        today, begin = self._today, float(self._clock.edges[0])
        streams = [self._stream(stream) for stream in today.streams]
        return Scene(
            rng=today.rng,
            clock=self._clock,
            nodes=today.nodes,
            devices=today.devices,
            scraping=replace(
                today.scraping,
                vllm=INTERVAL_SECONDS,
                node=INTERVAL_SECONDS,
                cadvisor=INTERVAL_SECONDS,
                kube_state=INTERVAL_SECONDS,
                outage="",
            ),
            pods=[
                replace(pod, started_at=min(pod.started_at, begin - 3600.0), restarted_at=())
                if pod.started_at < today.clock.edges[0] or not self._repeats
                else replace(
                    pod,
                    pod=f"{pod.owner_name}-{draw_text(today.rng, LETTERS, 5)}",
                    uid=draw_uid(today.rng),
                    started_at=begin - 3600.0,
                    ended_at=float("inf"),
                )
                for pod in today.pods
            ],
            slowdown={device: waver(today.rng, self._clock.ticks, 0.05, 600.0) for device in range(len(today.devices))},
            streams=[stream for stream in streams if stream.depth.any()],
            victims=[self._victim(victim) for victim in today.victims],
        )

    def _carried(self, values: Floats, usual: float) -> Floats:
        """Values of today at the same time of day, where all repeats; else the usual one."""
        if not self._repeats:
            return np.full(len(self._clock.ticks), usual)
        return np.where(self._is_known, values[self._tick], usual)

    def _stream(self, stream: Stream) -> Stream:
        pace, depth = float(np.median(stream.pace[self._before])), float(np.median(stream.depth[self._before]))
        paces = self._carried(stream.pace, pace)
        wavering = waver(self._today.rng, self._clock.ticks, 0.1, 1800.0)
        depths = self._carried(stream.depth, depth if pace > 0 else 0.0)
        return replace(stream, pace=paces * wavering, depth=depths)

    def _victim(self, victim: Victim) -> Victim:
        today, ticks = self._today.clock.ticks, self._clock.ticks
        course = victim.rate / self._season.at(today)
        rate = self._carried(course, float(np.median(course[self._before]))) * self._season.at(ticks)
        return replace(
            victim,
            rate=rate,
            prompt_factor=self._carried(victim.prompt_factor, 1.0),
            compute_factor=self._carried(victim.compute_factor, 1.0),
            reads_factor=self._carried(victim.reads_factor, 1.0),
            pauses=[],
            arrivals=None,
        )
