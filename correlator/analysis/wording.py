"""Quantities as people say them, and what a suspect is called."""

from collections.abc import Callable

from correlator.model.finding import Change, Suspect, SuspectKind

UNATTRIBUTED = "I/O that no pod accounts for"


def seconds(value: float | None) -> str:
    """A duration as people say it: 76 ms, 1.4 s."""
    if value is None:
        return "unknown"
    if value < 0.001:  # noqa: PLR2004
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.3g} s"


def span(value: float) -> str:
    """How long something lasts: 45 s, 9 min."""
    return f"{value:.0f} s" if value < 300 else f"{value / 60:.0f} min"  # noqa: PLR2004 - five minutes


def rate(value: float | None) -> str:
    """Bytes per second as people say it: 410 MB/s."""
    if value is None:
        return "unknown"
    for unit, size in (("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B/s"


def operations(value: float | None) -> str:
    """Operations per second: 780 operations/s."""
    return "unknown" if value is None else f"{value:.0f} operations/s"


def percent(value: float | None) -> str:
    """A ratio of 0 to 1; below one percent with a digit more."""
    if value is None:
        return "unknown"
    if 0 < value < 0.0005:  # noqa: PLR2004 - what would read as nothing
        return "less than 0.1 %"
    return f"{100 * value:.1f} %" if 0 < value < 0.00995 else f"{100 * value:.0f} %"  # noqa: PLR2004 - one percent


def number(value: float | None) -> str:
    """A plain number, two digits."""
    if value is None:
        return "unknown"
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004 - beyond two digits


def times(observed: float, baseline: float) -> str:
    """How many times as much."""
    return f"{number(observed / baseline)} times" if baseline > 0 else "many times"


def from_to(change: Change, words: Callable[[float | None], str]) -> str:
    """A change: from 76 ms to 1.4 s."""
    return f"from {words(change.baseline)} to {words(change.observed)}"


def listed(parts: list[str]) -> str:
    """Some words as a list: a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def name_of(suspect: Suspect) -> str:
    """What a suspect is called: `namespace/pod`, a node, or unattributed I/O."""
    if suspect.kind is SuspectKind.UNATTRIBUTED:
        return UNATTRIBUTED
    return f"{suspect.namespace}/{suspect.pod}" if suspect.kind is SuspectKind.POD else f"node {suspect.node}"


def began(lag: float | None, things: str = "first tokens") -> str:
    """When something rose, from the onset in seconds, at which `things` got slow; empty where that is not known."""
    if lag is None:
        return ""
    if lag == 0:
        return "from the same scrape on"
    return f"{span(abs(lag))} {'before' if lag < 0 else 'after'} {things} got slow"
