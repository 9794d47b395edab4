"""What the simulator promises of every case."""

from functools import cache

import numpy as np
import pytest

from correlator import catalog
from correlator.model.signal import Kind as SignalKind
from tests.simulator.cadvisor import pod_totals
from tests.simulator.case import CULPRIT_SHARE, Case, Telemetry
from tests.simulator.claims import is_shown
from tests.simulator.kinds import KINDS
from tests.simulator.manners import saturate
from tests.simulator.node_exporter import device_totals
from tests.simulator.ordinary import draw_stage
from tests.simulator.running import Outcome, run
from tests.simulator.scene import UNSEEN
from tests.simulator.simulate import quiet, simulate, valid_cases
from tests.simulator.stage import Stage, Wishes
from tests.simulator.truth import UNATTRIBUTED, impact_of, truth_of

SIGNALS = {signal.name: signal for signal in catalog.load()}
EVERY_KIND = pytest.mark.parametrize("kind", list(KINDS))
SEEDS = (1, 2)


@cache
def cases(kind: str) -> list[Case]:
    """A few cases of a kind."""
    return [simulate(kind, seed) for seed in SEEDS]


def equal(one: Telemetry, other: Telemetry) -> bool:
    """Whether all series are the same."""
    return (one.start, one.step, one.count, one.intervals) == (
        other.start,
        other.step,
        other.count,
        other.intervals,
    ) and (
        {name: rows.labels for name, rows in one.signals.items()}
        == {name: rows.labels for name, rows in other.signals.items()}
        and all(
            np.array_equal(rows.values, other.signals[name].values, equal_nan=True)
            for name, rows in one.signals.items()
        )
    )


@pytest.mark.parametrize("kind", ["one_writer", "nightly_job", "cold_cache", "load_with_logger"])
def test_a_seed_makes_one_case(kind: str) -> None:
    """The same seed gives the same case; another one another."""
    once, again, other = simulate(kind, 5), simulate(kind, 5), simulate(kind, 6)
    assert equal(once.telemetry, again.telemetry)
    assert once.victims == again.victims
    assert not equal(once.telemetry, other.telemetry)


def test_a_step_can_be_chosen() -> None:
    """The grid has the asked step and begins on a multiple of it."""
    for step in (5, 60):
        telemetry = simulate("reader", 3, step).telemetry
        assert telemetry.step == step
        assert telemetry.start % step == 0


@EVERY_KIND
def test_signals_are_the_catalogue_s(kind: str) -> None:
    """Every signal, label and interval is one that a source of the project would yield; every required one is there."""
    for case in cases(kind):
        for telemetry in (case.telemetry, *([case.history] if case.history else [])):
            required = {name for name, signal in SIGNALS.items() if signal.required}
            assert required <= set(telemetry.signals)
            assert set(telemetry.intervals) == set(telemetry.signals)
            for name, rows in telemetry.signals.items():
                assert rows.values.shape == (len(rows.labels), telemetry.count)
                assert all(set(labels) <= set(SIGNALS[name].labels) for labels in rows.labels)
                assert len({tuple(sorted(labels.items())) for labels in rows.labels}) == len(rows.labels)


@EVERY_KIND
def test_counters_only_grow_but_for_restarts(kind: str) -> None:
    """A counter that falls was made anew: it holds less than before, and that happens once or twice at most."""
    for case in cases(kind):
        for name, rows in case.telemetry.signals.items():
            if SIGNALS[name].kind is SignalKind.COUNTER:
                for values in rows.values:
                    known = values[np.isfinite(values)]
                    assert (known >= 0).all()
                    assert (np.diff(known) < 0).sum() <= 2
            if SIGNALS[name].kind is SignalKind.INFO:
                assert set(rows.values[np.isfinite(rows.values)]) == {1.0}


@EVERY_KIND
def test_heartbeats_never_lie_in_the_future(kind: str) -> None:
    """The newest sample at a step is not younger than the step, and at most a few intervals old."""
    for case in cases(kind):
        telemetry = case.telemetry
        grid = telemetry.start + telemetry.step * np.arange(telemetry.count)
        for name, rows in telemetry.signals.items():
            if SIGNALS[name].kind is SignalKind.HEARTBEAT:
                age = grid - rows.values
                assert np.nanmin(age) >= 0
                assert np.nanmax(age) <= 2 * telemetry.intervals[name] + 40


@EVERY_KIND
def test_truth_is_consistent(kind: str) -> None:
    """Shares add up to one at most, culprits have a culprit's, and instants lie within the grid in their order."""
    for case in cases(kind):
        telemetry = case.telemetry
        for victim in case.victims:
            assert all(0 <= share <= 1 for share in victim.shares.values())
            assert sum(victim.shares.values()) <= 1 + 1e-9
            assert all(victim.shares[culprit] >= CULPRIT_SHARE for culprit in victim.culprits)
            assert f"{victim.namespace}/{victim.pod}" not in victim.culprits
            assert (victim.verdict == "contention") >= bool(victim.culprits)
            assert (victim.verdict is None) == (victim.event_start_at is None)
            if victim.event_start_at is not None and victim.event_end_at is not None:
                assert telemetry.start + 45 * telemetry.step < victim.event_start_at < victim.event_end_at
                assert victim.event_end_at < telemetry.start + telemetry.count * telemetry.step
                if victim.first_affected_at is not None and victim.twentieth_affected_at is not None:
                    assert victim.event_start_at <= victim.first_affected_at <= victim.twentieth_affected_at


def staged(seed: int, wishes: Wishes | None = None) -> Stage:
    """An ordinary day."""
    return draw_stage(np.random.default_rng(seed), 15, wishes or Wishes())


@pytest.mark.parametrize("seed", range(4))
def test_devices_do_what_pods_and_nobody_do(seed: int) -> None:
    """A device's bytes are those of its pods and of what no pod accounts for; of operations, pods count no fewer."""
    stage = staged(seed)
    saturate(stage, UNSEEN, "write", 0.01, stage.event)
    scene = stage.scene
    outcome = run(scene)
    for place in range(len(scene.devices)):
        device = device_totals(scene, outcome, place)
        pods = [pod_totals(scene, outcome, pod, place) for pod in range(len(scene.pods))]
        unseen = [
            c for s, c in zip(outcome.streams, outcome.counted, strict=True) if (s.pod, s.device) == (UNSEEN, place)
        ]
        written = sum(pod["pod_written_bytes"][-1] for pod in pods) + sum(counted.bytes[-1] for counted in unseen)
        writes = sum(pod["pod_writes"][-1] for pod in pods) + sum(counted.operations[-1] for counted in unseen)
        assert device["disk_written_bytes"][-1] == pytest.approx(written)
        assert device["disk_read_bytes"][-1] == pytest.approx(sum(pod["pod_read_bytes"][-1] for pod in pods))
        assert device["disk_writes"][-1] <= writes * (1 + 1e-9)
        inside = device["disk_read_time"] + device["disk_write_time"] + device["disk_flush_time"]
        assert device["disk_queue_time"] == pytest.approx(inside)
        assert (np.diff(device["disk_io_time"]) <= scene.clock.tick * (1 + 1e-9)).all()


def measured(stage: Stage) -> tuple[float, Outcome]:
    """How many times as long first tokens took at their p95, and what happened."""
    outcome = run(stage.scene)
    return impact_of(stage.scene, outcome.answered[0]).p95_ratio, outcome


def test_a_case_without_impact_is_refused() -> None:
    """The same culprit with next to no depth is no contention, and a heavy one is."""
    verdicts = []
    for wait in (1e-6, 0.5):
        stage = staged(11, Wishes(media=("sata",)))
        pod = stage.add_pod(stage.victim.device)
        saturate(stage, pod, "write", wait, stage.event * (1.0 if wait > 0.1 else 0.01))
        outcome = run(stage.scene)
        impact = impact_of(stage.scene, outcome.answered[0])
        truth = truth_of(stage.scene, outcome, 0, "contention", impact)
        verdicts.append(is_shown(KINDS["one_writer"], truth, impact))
    assert verdicts == [False, True]


def test_more_of_a_culprit_hurts_more() -> None:
    """First tokens get the later, the more waits in the queue."""
    ratios = []
    for wait in (0.0, 0.02, 0.2):
        stage = staged(7, Wishes(media=("sata",), rates=(1.0, 2.0)))
        if wait:
            saturate(stage, stage.add_pod(stage.victim.device), "write", wait, stage.event)
        ratios.append(measured(stage)[0])
    assert ratios[0] < 1.3 < ratios[1] < ratios[2]


def test_what_nobody_accounts_for_is_nobody_s_share() -> None:
    """Unattributed I/O carries the rise, and no pod is a culprit."""
    case = next(iter(valid_cases("unattributed", range(20, 40))))
    assert case.victim.shares[UNATTRIBUTED] > 0.5
    assert case.victim.culprits == ()


def test_recurring_jobs_show_in_the_days_before() -> None:
    """At the hour of the job first tokens were late on each of the days before, and at other hours they were not."""
    case = next(iter(valid_cases("nightly_job", range(20, 60))))
    history, victim = case.history, case.victim
    assert history is not None
    assert victim.event_start_at is not None
    assert victim.event_end_at is not None
    total, count = history.signals["ttft_sum"].values[0], history.signals["ttft_count"].values[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.diff(total) / np.diff(count)
    at = history.start + history.step * np.arange(1, history.count)
    since = (at - victim.event_start_at) % 86_400
    within = (since > history.step) & (since < victim.event_end_at - victim.event_start_at)
    assert within.sum() >= 3
    assert np.nanmean(mean[within]) > 1.15 * np.nanmean(mean[~within])


def test_kinds_cannot_be_told_by_who_is_first_or_new() -> None:
    """Culprits are born for it in some cases and old in others, and stand anywhere among the pods' names."""
    born, places = [], []
    for case in valid_cases("one_writer", range(60)):
        starts = case.telemetry.signals["pod_start_time"]
        names = sorted({f"{labels['namespace']}/{labels['pod']}" for labels in starts.labels})
        for labels, values in zip(starts.labels, starts.values, strict=True):
            if f"{labels['namespace']}/{labels['pod']}" in case.victim.culprits:
                born.append(bool(np.nanmax(values) > case.telemetry.start))
        places += [names.index(culprit) / max(len(names) - 1, 1) for culprit in case.victim.culprits]
    assert 0.2 < np.mean(born) < 0.8
    assert 0.3 < np.mean(places) < 0.7


def test_long_quiet_holds_many_victims() -> None:
    """Every victim has its first tokens, none has an incident, and storage hurts nobody."""
    case = quiet(3, victims=5, step=15, hours=4.0)
    counts = case.telemetry.signals["ttft_count"]
    assert len({(labels["namespace"], labels["pod"]) for labels in counts.labels}) == len(case.victims) == 5
    assert all(victim.verdict is None for victim in case.victims)
    assert case.is_validated
    assert case.telemetry.count == 960
