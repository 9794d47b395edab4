"""What a server has is asked for, and nothing else."""

import pytest

from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.model.source import SourceError
from correlator.sources.presence import Presence
from correlator.sources.session import NoConnectionError


def signal(name: str, *metrics: str) -> Signal:
    """A signal that selects these metrics."""
    return Signal(
        name=name,
        unit="u",
        kind=Kind.GAUGE,
        aspect=Aspect.LOAD,
        query=name,
        labels=(),
        exporter=name,
        metrics=metrics,
    )


VLLM, SGLANG, ANYTHING = signal("vllm", "vllm[:_]waiting"), signal("sglang", "sglang:waiting", "old"), signal("any")
ALL = [VLLM, SGLANG, ANYTHING]


class Server:
    """Knows names; counts how often it is asked."""

    def __init__(self, *names: str, error: SourceError | None = None) -> None:
        self.names, self.error, self.asked = names, error, 0

    def __call__(self, start: int, end: int) -> tuple[str, ...]:
        """The names, whatever the span."""
        assert start < end
        self.asked += 1
        if self.error:
            raise self.error
        return self.names


def test_signals_whose_metrics_are_there_are_asked_for() -> None:
    """By name or by expression, the whole name; what selects by no name is always asked for."""
    assert Presence(Server("vllm_waiting", "up")).of(ALL, Grid(600, 15, 1)) == [VLLM, ANYTHING]
    assert Presence(Server("old", "xvllm:waiting")).of(ALL, Grid(600, 15, 1)) == [SGLANG, ANYTHING]
    assert Presence(Server()).of(ALL, Grid(600, 15, 1)) == [ANYTHING]


def test_names_are_asked_for_once_a_minute() -> None:
    """Steps of one minute share an answer; what is new is seen in the next."""
    server = Server("up")
    presence = Presence(server)
    for at in range(600, 660, 15):
        assert presence.of(ALL, Grid(at, 15, 1)) == [ANYTHING]
    server.names = ("old",)
    assert presence.of(ALL, Grid(660, 15, 1)) == [SGLANG, ANYTHING]
    assert server.asked == 2


def test_what_is_not_told_is_asked_for() -> None:
    """A server that cannot list names is asked for everything; one that is gone is not asked again."""
    refusal = SourceError("404", retriable=False)
    assert Presence(Server(error=refusal)).of(ALL, Grid(600, 15, 1)) == ALL
    with pytest.raises(NoConnectionError):
        Presence(Server(error=NoConnectionError("gone"))).of(ALL, Grid(600, 15, 1))


def test_nothing_is_asked_where_nothing_depends_on_it() -> None:
    """Signals that select by no name need no list of names."""
    server = Server()
    assert Presence(server).of([ANYTHING], Grid(600, 15, 1)) == [ANYTHING]
    assert server.asked == 0
