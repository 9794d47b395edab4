"""Several sources as one: each is asked for what it is there for, all at the same time, on one grid."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from correlator.model.frame import BlindSpot, Floats, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.signal import Kind, Signal, one_of_each
from correlator.model.source import SourceError
from correlator.sources.probing import LiveSource, SignalState

Progress = Callable[[int, int], None]
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Member:
    """One of several sources under the name that people gave it.

    `exporters` are what it is asked for, by their names in the catalogue; without any, everything that no other
    member claims.
    """

    name: str
    source: LiveSource
    exporters: frozenset[str] = frozenset()


class SeveralSources:
    """A Source that joins what its members have, signal by signal.

    A member that fails makes blind spots of its own signals, no failure of all. Of a series that two members have,
    the one of the member named first is kept, and that is told.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        """`members` in the order in which they count."""
        self._members = tuple(members)
        self._claimed = frozenset[str]().union(*(member.exporters for member in members))

    @property
    def name(self) -> str:
        """All of them."""
        return ", ".join(f"{member.name} ({member.source.name})" for member in self._members)

    def asked_of(self, member: Member, signals: Sequence[Signal]) -> list[Signal]:
        """Which of the signals a member is asked for."""
        if member.exporters:
            return [signal for signal in signals if signal.exporter in member.exporters]
        return [signal for signal in signals if signal.exporter not in self._claimed]

    def named(self) -> Mapping[str, LiveSource]:
        """The members by name."""
        return {member.name: member.source for member in self._members}

    def probe(self, signals: Sequence[Signal], at: float) -> tuple[SignalState, ...]:
        """What there is of each signal at `at`, all members together; raises SourceError when all fail."""
        told = self._each(lambda member, asked: member.source.probe(asked, at), signals)
        _answered(told)
        found: dict[Signal, list[SignalState]] = {signal: [] for signal in signals}
        for member, answer in zip(self._members, told, strict=True):
            asked = self.asked_of(member, signals)
            states = (
                [SignalState(signal=signal.name, series=0, error=str(answer)) for signal in asked]
                if isinstance(answer, SourceError)
                else answer
            )
            for signal, state in zip(asked, states, strict=True):
                found[signal].append(state)
        return tuple(_together(signal.name, states) for signal, states in found.items())

    def require_answer(self) -> None:
        """Raises SourceError where no member answers."""
        _answered(self._each(lambda member, _: member.source.require_answer(), ()))

    def span(self, now: float) -> tuple[float, float]:
        """What all of them hold."""
        spans = [member.source.span(now) for member in self._members]
        return max(oldest for oldest, _ in spans), min(newest for _, newest in spans)

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:
        """The slowest update of each signal among the members that have it; raises SourceError when all fail."""
        told = self._each(lambda member, asked: member.source.intervals(asked, at), signals)
        found: dict[str, int] = {}
        for answer in _answered(told):
            for name, interval in answer.items():
                found[name] = max(interval, found.get(name, 0))
        return found

    def fetch(self, signals: Sequence[Signal], grid: Grid, progress: Progress | None = None) -> Frames:
        """All signals on the grid; raises SourceError when all members fail."""
        shares = _Progress(progress)
        told = self._each(lambda member, asked: member.source.fetch(asked, grid, shares.of(member.name)), signals)
        answers = _answered(told)
        intervals: dict[str, int] = {}
        for answer in answers:
            for name, interval in answer.intervals.items():
                intervals[name] = max(interval, intervals.get(name, 0))
        frames, doubled = self._joined(signals, grid, told)
        return Frames(grid, frames, intervals, (*self._quality(signals, told), *doubled))

    def _joined(
        self, signals: Sequence[Signal], grid: Grid, told: Sequence[Frames | SourceError]
    ) -> tuple[dict[str, Frame], list[BlindSpot]]:
        frames: dict[str, Frame] = {}
        doubled: list[BlindSpot] = []
        for signal in one_of_each(signals):
            parts = [
                (member, answer.get(signal.name))
                for member, answer in zip(self._members, told, strict=True)
                if isinstance(answer, Frames) and answer.get(signal.name).labels
            ]
            if len(parts) == 1:
                frames[signal.name] = parts[0][1]
                continue
            rows: dict[Labels, Floats] = {}
            surplus = 0
            for _, frame in parts:
                for labels, values in zip(frame.labels, frame.values, strict=True):
                    surplus += labels in rows
                    rows.setdefault(labels, values)
            frames[signal.name] = Frame.from_rows(signal.name, grid, rows)
            if surplus and signal.kind is not Kind.INFO:
                names = " and ".join(member.name for member, _ in parts)
                doubled.append(
                    BlindSpot(
                        signal.name,
                        f"duplicate: {surplus} series come from each of {names}, those of {parts[0][0].name} are kept: "
                        "give one of these sources `exporters`",
                    )
                )
        return frames, doubled

    def _quality(self, signals: Sequence[Signal], told: Sequence[Frames | SourceError]) -> list[BlindSpot]:
        found: list[BlindSpot] = []
        for member, answer in zip(self._members, told, strict=True):
            if isinstance(answer, Frames):
                found += [BlindSpot(spot.signal, f"{spot.reason} (source {member.name})") for spot in answer.quality]
            else:
                reason = f"failed: {answer} (source {member.name})"
                found += [BlindSpot(signal.name, reason) for signal in one_of_each(self.asked_of(member, signals))]
        return found

    def _each(
        self, work: Callable[[Member, Sequence[Signal]], _Result], signals: Sequence[Signal]
    ) -> list[_Result | SourceError]:
        """What each member answers, or why it does not."""

        def guarded(member: Member) -> _Result | SourceError:
            try:
                return work(member, self.asked_of(member, signals))
            except SourceError as error:
                return error

        with ThreadPoolExecutor(len(self._members), thread_name_prefix="source") as pool:
            return list(pool.map(guarded, self._members))


def _answered(told: Sequence[_Result | SourceError]) -> list[_Result]:
    """The answers; raises SourceError when there is none."""
    answers = [answer for answer in told if not isinstance(answer, SourceError)]
    errors = [answer for answer in told if isinstance(answer, SourceError)]
    if errors and not answers:
        raise SourceError("; ".join(map(str, errors)), retriable=any(error.retriable for error in errors))
    return answers


def _together(name: str, states: Sequence[SignalState]) -> SignalState:
    """One signal at all members that are asked for it."""
    intervals = [state.interval for state in states if state.interval is not None]
    ages = [state.newest_age_seconds for state in states if state.newest_age_seconds is not None]
    return SignalState(
        signal=name,
        series=sum(state.series for state in states),
        interval=max(intervals, default=None),
        newest_age_seconds=min(ages, default=None),
        error="; ".join(state.error for state in states if state.error),
    )


class _Progress:
    """Adds up what the members tell of theirs."""

    def __init__(self, told: Progress | None) -> None:
        self._told = told
        self._shares: dict[str, tuple[int, int]] = {}

    def of(self, name: str) -> Progress | None:
        """What one member is given."""
        if self._told is None:
            return None
        report = self._told

        def share(done: int, total: int) -> None:
            self._shares[name] = done, total
            counted = list(self._shares.values())
            report(sum(done for done, _ in counted), sum(total for _, total in counted))

        return share
