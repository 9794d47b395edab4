"""Quantities and names as people read them; an unknown quantity is a dash."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from math import isnan
from typing import Final, NamedTuple

from correlator.model.finding import Considered, Suspect, SuspectKind
from correlator.model.snapshot import EdgeNow, PodOnVolume, VictimNow
from correlator.model.topology import PodRef

UNKNOWN: Final = "–"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_BYTE_UNITS = ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"))


def is_known(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and not isnan(value)


def _known(write: Callable[[float], str]) -> Callable[[float | None], str]:
    """The same for what may be unknown."""

    @wraps(write)
    def written(value: float | None) -> str:
        return UNKNOWN if value is None or isnan(value) else write(value)

    return written


@_known
def duration(seconds: float) -> str:
    """A latency: three digits with the unit that fits."""
    if abs(seconds) >= 1:
        return f"{number(seconds)} s"
    milliseconds = seconds * 1e3
    return f"{milliseconds:.3g} ms" if abs(milliseconds) >= 1 or not seconds else f"{seconds * 1e6:.3g} µs"


@_known
def span(seconds: float) -> str:
    """How long something lasts."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


@_known
def percent(ratio: float) -> str:
    """A ratio of 0 to 1."""
    return f"{ratio * 100:.1f} %" if 0 < ratio < 0.01 else f"{ratio * 100:.0f} %"  # noqa: PLR2004 - one percent


@_known
def number(value: float) -> str:
    """A plain number, three digits."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - beyond three digits


@_known
def rate(value: float) -> str:
    """So many a second."""
    return f"{number(value)}/s"


@_known
def lag(seconds: float) -> str:
    """How long after the onset of the regression something rose; before it where negative."""
    if not seconds:
        return "at the onset"
    return f"{duration(abs(seconds))} {'after' if seconds > 0 else 'before'}"


@_known
def byte_rate(value: float) -> str:
    """Bytes a second in decimal units, as storage is sold."""
    for size, unit in _BYTE_UNITS:
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B/s"


def moment(at: datetime | None) -> str:
    """An instant, to the second."""
    return UNKNOWN if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def machine_moment(at: datetime) -> str:
    """An instant for the `datetime` attribute of `<time>`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def named(value: str) -> str:
    """An identifier as words: `no_rise_seen` as "no rise seen"."""
    return value.replace("_", " ")


def suspect_name(suspect: Suspect) -> str:
    """What a suspect is called."""
    if suspect.kind is SuspectKind.NODE:
        return f"node {suspect.node}"
    if suspect.kind is SuspectKind.UNATTRIBUTED:
        return "I/O that no pod accounts for"
    return f"{suspect.namespace}/{suspect.pod}"


_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")


def visible(text: str) -> str:
    """Characters that turn the direction of what follows are shown, not obeyed: a name must not rewrite a sentence."""
    return text.translate(_TURNING)


def printable(text: str) -> str:
    """Text for what cannot show everything: what steers a terminal or turns directions is replaced."""
    shown = visible(text)
    if shown.isprintable():
        return shown
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in shown)


class Told(NamedTuple):
    """A paragraph with its first sentence apart."""

    first: str
    rest: str


def opening(text: str) -> Told:
    """The sentence that says it all, and the others."""
    first, stop, rest = text.partition(". ")
    return Told(first + stop.rstrip(), rest)


def considered_name(one: Considered) -> str:
    """What one who was considered is called."""
    return str(PodRef(one.namespace, one.pod)) if one.pod else "I/O that no pod accounts for"


def pod_name(pod: PodOnVolume | VictimNow | EdgeNow) -> str:
    """`namespace/pod`, or `node/NAME`."""
    return str(PodRef(pod.namespace, pod.pod))
