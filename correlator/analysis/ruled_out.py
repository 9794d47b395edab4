"""Which other causes the numbers speak against, each with its number."""

from collections.abc import Iterator

import numpy as np

from correlator.analysis.case import Case, VolumeCase
from correlator.analysis.load import change
from correlator.analysis.windows import Spans, mean_over
from correlator.analysis.wording import from_to, number, operations, percent, rate, seconds
from correlator.model.finding import Change, RuledOut, Verdict

BY_LOAD_ON_VOLUME = (Verdict.CONTENTION, Verdict.OWN_IO)
BY_VOLUME = (*BY_LOAD_ON_VOLUME, Verdict.DEGRADED_DEVICE)


def ruled_out(case: Case) -> tuple[RuledOut, ...]:
    """Causes that the numbers speak against; none of what could not be seen."""
    return tuple(_each(case))


def _each(case: Case) -> Iterator[RuledOut]:
    if case.load.seen and not case.load.is_up:
        yield _out("load", case.load.arrivals, "requests/second", load_words(case))
    volume = case.volume
    if volume is None or not volume.worse.seen:
        return
    if case.verdict in BY_LOAD_ON_VOLUME:
        words = _served_words(volume, case.spans)
        yield _out("degraded_device", _borne(volume, case.spans), "device_seconds/second", words)
    if case.verdict in (Verdict.CONTENTION, Verdict.DEGRADED_DEVICE):
        yield from _own_io(case, volume)
    if case.verdict in (Verdict.LOAD, Verdict.OTHER):
        yield from _contention(case, volume)


def _out(cause: str, figure: Change, unit: str, sentence: str) -> RuledOut:
    return RuledOut(cause=cause, figure=figure, unit=unit, sentence=sentence)


def load_words(case: Case) -> str:
    """Arrivals and prompts before and during."""
    arrivals, prompts = case.load.arrivals, case.load.prompt_length
    parts = []
    if arrivals.baseline and arrivals.observed:
        parts.append(f"{case.symptom.arrivals} went {from_to(arrivals, number)} a second")
    if prompts.baseline and prompts.observed:
        parts.append(f"prompts {from_to(prompts, lambda value: f'{value:.0f}')} tokens")
    return ", ".join(parts) or "arrivals are not known in detail"


def _borne(volume: VolumeCase, spans: Spans) -> Change:
    """The volume's whole load as device time."""
    borne = volume.worse.prices.of_device(volume.worse.use.load, volume.worse.use.flushes)
    return change(mean_over(borne, spans.before), mean_over(borne, spans.during))


def served(volume: VolumeCase, spans: Spans) -> tuple[Change, Change]:
    """Operations and bytes a second that the volume gave before and during."""
    load = volume.worse.use.load
    sides = (load[0] + load[1], load[2] + load[3])
    one, two = (change(mean_over(side, spans.before), mean_over(side, spans.during)) for side in sides)
    return one, two


def _served_words(volume: VolumeCase, spans: Spans) -> str:
    number_of, size = served(volume, spans)
    return f"it serves more: {from_to(number_of, operations)}, {from_to(size, rate)}"


def _own_io(case: Case, volume: VolumeCase) -> Iterator[RuledOut]:
    own = volume.contributions.of(case.victim.key.ref)
    if own is None:
        return
    figure = change(*(max(0.0, float(own.cost(volume.worse.prices, side))) for side in (own.before, own.during)))
    words = f"{percent(own.share)} of what was added"
    if own.share == 0 and np.isfinite(own.during).all():
        words = f"it did not rise: {from_to(change(own.before[2:].sum(), own.during[2:].sum()), rate)}"
    yield _out("own_io", figure, "device_seconds/second", words)


def _contention(case: Case, volume: VolumeCase) -> Iterator[RuledOut]:
    worse = volume.worse
    if "volume_quiet" in case.reasons:
        words = f"a read on {worse.volume.name} went {from_to(worse.read_latency, seconds)}"
        yield _out("contention", worse.read_latency, "seconds", words)
    elif "victim_not_exposed" in case.reasons:
        direct = volume.exposure.direct_seconds
        words = f"slower reads cost a request {seconds(direct)} of the {seconds(case.split.total)}"
        yield _out("contention", Change(0.0, direct), "seconds/request", words)
