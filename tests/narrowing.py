"""A cluster in memory that answers narrowed questions with what they ask for, and clusters made of several others."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from correlator import catalog
from correlator.inquiry import Inquiry
from correlator.model.frame import BlindSpot, Floats, Frame, Frames, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Kind, Signal
from correlator.model.source import Source, SourceError
from correlator.sources.staleness import known_rows
from tests.accuracy.frames import frames_of
from tests.calibrated import calibrated
from tests.simulator.simulate import simulate
from tests.unit.analysis import stories

STEP = 15

QUERIES = {signal.query for signal in catalog.load()}
INSTANTS = {signal.name for signal in catalog.load() if signal.kind is Kind.HEARTBEAT} | {"pod_start_time"}
_MATCHER = re.compile(r'\b(instance|namespace|node)=~"((?:[^"\\]|\\.)*)"')


@dataclass
class ClusterSource:
    """A Source of frames in memory, which takes a narrowed query at its word.

    `fails` says what becomes of an answer to narrowed queries that are asked for a whole window; `rows` counts what was
    answered at single steps, `most` at once.
    """

    frames: Frames
    fails: Callable[[Grid], SourceError | BlindSpot | None] = lambda _: None
    asked: list[tuple[Grid, tuple[str, ...]]] = field(default_factory=list)
    values: int = 0

    @property
    def name(self) -> str:
        """For messages."""
        return "a cluster in memory"

    def span(self, now: float) -> tuple[float, float]:
        """All there is."""
        return float(self.frames.grid.start), min(now, float(self.frames.grid.last))

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:  # noqa: ARG002 - the same always
        """As of the frames."""
        return {each.name: self.frames.intervals[each.name] for each in signals if each.name in self.frames.intervals}

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """The rows that the queries choose."""
        del progress
        self.asked.append((grid, tuple(signal.query for signal in signals)))
        is_detail = not any(signal.name == "ttft_count" for signal in signals)
        outcome = self.fails(grid) if is_detail else None
        if isinstance(outcome, SourceError):
            raise outcome
        found: dict[str, Frame] = {}
        for signal in signals:
            frame = known_rows(on_grid(self._chosen(signal), grid))
            if signal.name not in found or frame.labels:
                found[signal.name] = frame
            self.values += frame.values.size
        if outcome is not None:
            found[outcome.signal] = Frame.empty(outcome.signal, grid)
        return Frames(grid, found, self.frames.intervals, () if outcome is None else (outcome,))

    def _chosen(self, signal: Signal) -> Frame:
        frame = self.frames.get(signal.name)
        if signal.query in QUERIES:
            return frame
        narrow = Narrow.of(signal.query)
        pods = narrow.pods_in(map(dict, self.frames.get("pod_info").labels))
        rows = [row for row, labels in enumerate(frame.labels) if narrow.chooses(dict(labels), pods)]
        return Frame(frame.signal, frame.grid, tuple(frame.labels[row] for row in rows), frame.values[rows])


@dataclass(frozen=True)
class Narrow:
    """What a narrowed query chooses: rows with a label that matches, and those of the pods of some nodes."""

    labels: Mapping[str, re.Pattern[str]]
    nodes: re.Pattern[str] | None

    @classmethod
    def of(cls, query: str) -> "Narrow":
        """As it is written in a query."""
        found = {name: re.compile(_unquoted(pattern)) for name, pattern in _MATCHER.findall(query)}
        return cls({name: pattern for name, pattern in found.items() if name != "node"}, found.get("node"))

    def __bool__(self) -> bool:
        return bool(self.labels) or self.nodes is not None

    def pods_in(self, infos: Iterable[Mapping[str, str]]) -> Collection[tuple[str, str]]:
        """The pods of its nodes."""
        if self.nodes is None:
            return ()
        return {(info["namespace"], info["pod"]) for info in infos if self.nodes.fullmatch(info.get("node", ""))}

    def chooses(self, labels: Mapping[str, str], pods: Collection[tuple[str, str]]) -> bool:
        """Whether a row is asked for."""
        told = any(pattern.fullmatch(labels.get(name, "")) for name, pattern in self.labels.items())
        return told or (labels.get("namespace", ""), labels.get("pod", "")) in pods


def _unquoted(text: str) -> str:
    return text.replace('\\"', '"').replace("\\\\", "\\")


def on_grid(frame: Frame, grid: Grid) -> Frame:
    """The frame's values at the grid's steps; NaN where it has none."""
    values = np.full((len(frame.labels), grid.count), np.nan)
    places = (grid.times() - frame.grid.start) // frame.grid.step
    inside = (places >= 0) & (places < frame.grid.count)
    values[:, inside] = frame.values[:, places[inside]]
    return Frame(frame.signal, grid, frame.labels, values)


_NAMES = (
    "node",
    "nodename",
    "pod",
    "uid",
    "persistentvolumeclaim",
    "volumename",
    "persistentvolume",
    "created_by_name",
)
_HOSTS = ("instance", "host_ip")


def numbered(frames: Frames, number: int, grid: Grid) -> Frames:
    """The same cluster under other names, so that it may stand beside others, from the start of `grid` on.

    Namespaces and workloads stay what they are.
    """
    later = grid.start - frames.grid.start
    found = {}
    for name, frame in frames.by_signal.items():
        moved = Grid(grid.start, frame.grid.step, frame.grid.count)
        values = frame.values + later if name in INSTANTS else frame.values
        rows = {_renamed(labels, number): row for labels, row in zip(frame.labels, values, strict=True)}
        found[name] = on_grid(Frame.from_rows(name, moved, rows), grid)
    return Frames(grid, found, frames.intervals)


def _renamed(labels: Labels, number: int) -> Labels:
    pairs = dict(labels)
    for name in _NAMES:
        if name in pairs:
            pairs[name] += f"-x{number}"
    for name in _HOSTS:
        if name in pairs:
            host, colon, port = pairs[name].partition(":")
            pairs[name] = f"{host}-x{number}{colon}{port}"
    return labels_of(pairs)


def together(clusters: Iterable[Frames]) -> Frames:
    """Clusters on one grid as a single one, each under names of its own."""
    several = list(clusters)
    grid = replace(several[0].grid, count=max(frames.grid.count for frames in several))
    rows: dict[str, dict[Labels, Floats]] = {}
    for number, frames in enumerate(several):
        for name, frame in numbered(frames, number, grid).by_signal.items():
            rows.setdefault(name, {}).update(zip(frame.labels, frame.values, strict=True))
    intervals = {name: interval for frames in several for name, interval in frames.intervals.items()}
    return Frames(grid, {name: Frame.from_rows(name, grid, found) for name, found in rows.items()}, intervals)


def several_nodes() -> Frames:
    """Nodes with trouble of every kind beside quiet ones."""
    made = (
        stories.one_writer(),
        stories.story(2),
        stories.two_writers(),
        stories.bystander(),
        stories.slow_compute(),
        stories.story(3),
        stories.one_reader(),
    )
    return together(story.frames() for story in made)


SIMULATED = ("one_writer", "quiet", "two_victims", "frozen_process", "unseen_pods", "degraded_device", "victim_restart")


def simulated_nodes(seed: int = 7) -> Frames:
    """The same with all that exporters show, claims and pressure included; some victims are gone in the end."""
    return together(frames_of(simulate(kind, seed, step=STEP).telemetry) for kind in SIMULATED)


def narrow_inquiry(source: Source, *, narrow: bool, chunk_steps: int = 500, step: int = STEP) -> Inquiry:
    """As of a large cluster, or of a small one."""
    return Inquiry(
        source=source,
        signals=catalog.load(),
        parameters=replace(calibrated(), history_seconds=0, symptoms=catalog.load_symptoms()),
        tiers={},
        step_seconds=step,
        chunk_steps=chunk_steps,
        whole_disks=0 if narrow else None,
    )
