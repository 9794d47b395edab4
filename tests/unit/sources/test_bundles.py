"""Which signals are asked for together, and how their answers are told apart."""

import numpy as np

from correlator import catalog
from correlator.catalog.promql import metrics_of, parsed
from correlator.inquiry.scope import Scope, in_scope
from correlator.model.grid import Grid
from correlator.model.source import SourceError
from correlator.sources.answer import Answer
from correlator.sources.bundles import questions_of
from correlator.sources.fetching import Fetch

SIGNALS = catalog.load()
SCOPE = Scope(nodes=frozenset({"n1"}), targets=frozenset({"10.0.0.1:9100", 'a"b{c}(d)'}))


def test_everything_is_asked_signal_by_signal() -> None:
    """Of all of a cluster one answer of several counters would be too large."""
    questions = questions_of(SIGNALS)
    assert [(question.query, *question.signals) for question in questions] == [(each.query, each) for each in SIGNALS]
    assert not any(question.is_narrow for question in questions)


def test_narrowed_counters_of_the_same_things_are_one_question() -> None:
    """Every signal once; each bundle is PromQL that reads the metrics of all its signals."""
    narrowed = in_scope(SIGNALS, SCOPE, 3600)
    questions = questions_of(narrowed)
    assert sorted(signal.name for question in questions for signal in question.signals) == sorted(
        signal.name for signal in narrowed
    )
    together = {frozenset(signal.name for signal in question.signals): question for question in questions}
    assert frozenset(("pod_reads", "pod_writes", "pod_read_bytes", "pod_written_bytes")) in together
    assert max(map(len, together)) == 8
    for question in questions:
        tree = parsed(question.query)
        assert {name for signal in question.signals for name in signal.metrics} <= {
            name for told in metrics_of(tree) for name in told.split("|")
        }


def test_an_answer_is_told_apart_by_the_names_of_metrics() -> None:
    """Series of each in their order, with their own samples; what the server warns of counts for each."""
    (question,) = [each for each in questions_of(in_scope(SIGNALS, SCOPE, 3600)) if each.signals[0].name == "pod_reads"]
    writes, reads = "container_fs_writes_total", "container_fs_reads_total"
    answer = Answer(
        metrics=[{"__name__": writes, "pod": "a"}, {"__name__": reads, "pod": "a"}, {"__name__": writes, "pod": "b"}],
        counts=np.array([1, 2, 3]),
        times=np.arange(6.0),
        values=np.arange(10.0, 16.0),
        notes=("partial: a store is away",),
    )
    parts = {signal.name: part for signal, part in question.told_apart(answer)}
    assert [metric["pod"] for metric in parts["pod_writes"].metrics] == ["a", "b"]
    assert parts["pod_writes"].counts.tolist() == [1, 3]
    assert parts["pod_writes"].values.tolist() == [10.0, 13.0, 14.0, 15.0]
    assert parts["pod_reads"].times.tolist() == [1.0, 2.0]
    assert not parts["pod_read_bytes"].metrics
    assert {part.notes for part in parts.values()} == {answer.notes}


def test_a_bundle_that_is_refused_is_a_blind_spot_of_all_its_signals() -> None:
    """The others are answered, and every step of every signal counts as done."""
    narrowed = in_scope(SIGNALS, SCOPE, 3600)
    done: list[tuple[int, int]] = []

    def ask(query: str, grid: Grid) -> Answer:
        if "__name__" in query:
            raise SourceError("too many samples", retriable=False)
        at = np.array([float(grid.start)])
        return Answer(metrics=[{"pod": "a", "device": "sda"}], counts=np.array([1]), times=at, values=at)

    fetch = Fetch(ask, narrowed, Grid(600, 15, 40), {}, lambda steps, total: done.append((steps, total)))
    fetch.run(2)
    bundled = {signal.name for each in questions_of(narrowed) if len(each.signals) > 1 for signal in each.signals}
    assert {spot.signal for spot in fetch.quality()} == bundled
    answered = {signal.name for signal, frame in fetch.frames().items() if frame.labels}
    assert answered == {signal.name for signal in narrowed} - bundled
    assert done[-1] == (40 * len(narrowed), 40 * len(narrowed))
