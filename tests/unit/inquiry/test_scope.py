"""The questions of a scope."""

from dataclasses import replace

from correlator import catalog
from correlator.catalog.promql import metrics_of, parsed, yielded
from correlator.inquiry.scope import DETAIL, LONGEST_PATTERN, SCREENS, Scope, heartbeats, in_scope

SIGNALS = {signal.name: signal for signal in catalog.load() if signal.name in DETAIL}
SCOPE = Scope(
    nodes=frozenset({"n1"}),
    targets=frozenset({"10.0.0.1:9100", "10.0.0.1:10250"}),
    namespaces=frozenset({"inference", 'odd"name'}),
    places=frozenset({"monitoring"}),
)


def asked(scope: Scope) -> dict[str, str]:
    """The query of each signal."""
    return {signal.name: signal.query for signal in in_scope(list(SIGNALS.values()), scope, 3600)}


def test_every_signal_that_is_narrowed_is_in_the_catalogue() -> None:
    """And no screen is among them."""
    assert SIGNALS.keys() == DETAIL
    assert not DETAIL & {*SCREENS}


def test_narrowed_queries_are_promql_for_the_same_metric_and_labels() -> None:
    """Whatever is put into them."""
    found = asked(SCOPE)
    assert found.keys() == DETAIL
    for name, query in found.items():
        tree = parsed(query)
        assert query != SIGNALS[name].query
        assert set(SIGNALS[name].metrics) <= {*metrics_of(tree)}
        assert yielded(tree) in {None, frozenset(SIGNALS[name].labels)}


def test_what_nothing_in_scope_has_is_not_asked() -> None:
    """Disks have no namespace of a victim, and where there is nobody there is nothing."""
    assert asked(Scope()) == {}
    assert "disk_reads" not in asked(Scope(namespaces=frozenset({"inference"})))
    assert asked(Scope(places=frozenset({"monitoring"}))).keys() == {"pod_info"}


def test_a_scope_that_is_too_long_for_a_query_is_everything() -> None:
    """Some servers refuse long queries."""
    many = frozenset(f"10.0.{number // 250}.{number % 250}:9100" for number in range(LONGEST_PATTERN // 12))
    found = asked(replace(SCOPE, targets=many, nodes=many))
    assert {name for name, query in found.items() if query == SIGNALS[name].query} == DETAIL


def test_heartbeats_of_all_are_asked_where_victims_anywhere_are() -> None:
    """Their kubelets may be anywhere; otherwise those of the targets do."""
    every = catalog.load()
    whole = {signal.query for signal in every}
    assert {signal.query for signal in heartbeats(every, SCOPE)} <= whole
    narrowed = heartbeats(every, replace(SCOPE, namespaces=frozenset()))
    assert {signal.name for signal in narrowed} == {"disk_heartbeat", "pod_io_heartbeat"}
    assert not {signal.query for signal in narrowed} & whole
