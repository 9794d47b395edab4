"""The stage on which a kind of case is set: a scene on an ordinary day, and the means to add to it."""

from dataclasses import dataclass

import numpy as np

from tests.simulator import names
from tests.simulator.arrivals import mean_prompt
from tests.simulator.case import Floats
from tests.simulator.names import OwnerKind, Pod
from tests.simulator.patterns import within
from tests.simulator.scene import Scene, Stream, Victim

FOREVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a kind asks of the ordinary day before it adds its own.

    `rates` are the lowest and highest requests a second, of which `event_requests` shall fall into the event; `quiet`,
    `event` and `recovery` are ranges of steps; `media` the devices that the victim may have, empty for any;
    `pods` how many are on that device beside it.
    """

    rates: tuple[float, float] = (0.15, 20.0)
    quiet: tuple[int, int] = (60, 150)
    event: tuple[int, int] = (16, 90)
    recovery: tuple[int, int] = (12, 60)
    media: tuple[str, ...] = ()
    pods: tuple[int, int] = (2, 16)
    event_requests: float = 60.0


@dataclass(slots=True, eq=False)
class Stage:
    """A scene with the means to add to it."""

    scene: Scene

    @property
    def rng(self) -> np.random.Generator:
        """The scene's randomness."""
        return self.scene.rng

    @property
    def ticks(self) -> Floats:
        """The beginnings of the ticks."""
        return self.scene.clock.ticks

    @property
    def victim(self) -> Victim:
        """The first victim."""
        return self.scene.victims[0]

    @property
    def event(self) -> Floats:
        """1 within the event, shape (T,)."""
        clock = self.scene.clock
        return within(clock.ticks, clock.event_start, clock.event_end)

    def add_pod(
        self, device: int, owner: OwnerKind | None = None, born: float | None = None, ended: float = FOREVER
    ) -> int:
        """A pod of a random workload with a claim on a device; `born` None: long before."""
        rng, clock = self.rng, self.scene.clock
        started = clock.edges[0] - rng.uniform(3600.0, 40 * 86400.0) if born is None else born
        kinds: tuple[OwnerKind, ...] = ("StatefulSet", "ReplicaSet", "Job", "DaemonSet")
        kind = owner or kinds[int(rng.choice(4, p=(0.35, 0.35, 0.2, 0.1)))]
        namespace, base = names.draw_workload(rng)
        name, owner_name = self.unused_name(kind, namespace, base)
        restarts: tuple[float, ...] = ()
        if born is None and rng.uniform() < 0.03:
            restarts = (float(rng.uniform(clock.edges[0], clock.edges[-1])),)
        self.scene.pods.append(
            Pod(
                namespace=namespace,
                pod=name,
                container=base,
                uid=names.draw_uid(rng),
                owner_kind=kind,
                owner_name=owner_name,
                node=self.scene.devices[device].node,
                device=device,
                claim=f"data-{name}" if rng.uniform() < 0.7 else "",
                volume=f"pvc-{names.draw_uid(rng)}",
                started_at=float(started),
                ended_at=ended,
                restarted_at=restarts,
            )
        )
        return len(self.scene.pods) - 1

    def unused_name(self, kind: OwnerKind, namespace: str, base: str) -> tuple[str, str]:
        """Names for a pod and its owner that no other pod of the namespace has."""
        taken = {pod.key for pod in self.scene.pods}
        while True:
            name, owner = names.pod_name(self.rng, kind, base)
            if f"{namespace}/{name}" not in taken:
                return name, owner
            base = f"{base}-{names.draw_text(self.rng, names.LETTERS, 2)}"

    def add_stream(self, stream: Stream) -> None:
        """Let a pod do so, too."""
        self.scene.streams.append(stream)


def usual_ttft(stage: Stage, victim: Victim) -> tuple[float, float, float]:
    """On an idle device: seconds of a first token, reads of a request one after the other, and seconds of one."""
    device = stage.scene.devices[victim.device]
    reads = (victim.reads_base + victim.reads_per_token * mean_prompt(victim.trace)) / victim.parallel
    latency = device.latency(victim.read)
    compute = compute_seconds(victim)
    return compute + reads * latency, reads, latency


def compute_seconds(victim: Victim) -> float:
    """Seconds of prefill of an ordinary prompt."""
    return victim.compute_base + victim.compute_per_token * mean_prompt(victim.trace)
