"""What the simulator promises of databases beside a victim, and of tokens."""

import numpy as np
import pytest

from correlator import catalog
from tests.simulator.case import CULPRIT_SHARE, Case, Floats
from tests.simulator.databases import EXPORTERS
from tests.simulator.ordinary import draw_stage
from tests.simulator.running import run
from tests.simulator.simulate import simulate
from tests.simulator.stage import Wishes
from tests.simulator.telemetry import telemetry_of

SIGNALS = {signal.name: signal for signal in catalog.load()}
TOTALS = {
    "etcd": ("etcd_fsync_sum", "etcd_fsync_count"),
    "postgresql": ("postgresql_active_time", "postgresql_transactions"),
}


def means(case: Case, exporter: str) -> tuple[float, float]:
    """Mean seconds of a transaction before and in the event, as its exporter tells them."""
    telemetry, truth = case.telemetry, case.databases[0]
    assert truth.event_start_at is not None
    assert truth.event_end_at is not None
    begins, ends = (int((at - telemetry.start) // telemetry.step) for at in (truth.event_start_at, truth.event_end_at))
    total, count = (telemetry.signals[name].values[0] for name in TOTALS[exporter])

    def mean(first: int, last: int) -> float:
        return gained(total[first:last]) / gained(count[first:last])

    return mean(0, begins), mean(begins + 1, ends)


def gained(values: Floats) -> float:
    """By how much a counter grew while it was known."""
    known = values[np.isfinite(values)]
    return float(known[-1] - known[0])


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("kind", ["one_writer", "harmless_writer", "degraded_device", "quiet"])
def test_what_is_exported_is_what_is_said_to_have_happened(kind: str, exporter: str) -> None:
    """The exporter's own numbers show the change that the truth tells; labels and signals are the catalogue's."""
    for seed in (1, 2, 3):
        case = simulate(kind, seed, 15, exporter)
        (truth,) = case.databases
        before, during = means(case, exporter)
        assert during / before == pytest.approx(truth.mean_ratio, rel=0.25)
        assert all(truth.shares[name] >= CULPRIT_SHARE for name in truth.culprits)
        assert f"{truth.namespace}/{truth.pod}" not in truth.culprits
        for name in (*TOTALS[exporter], f"{exporter}_heartbeat"):
            assert all(set(labels) <= set(SIGNALS[name].labels) for labels in case.telemetry.signals[name].labels)


def test_a_database_feels_who_hurts_it() -> None:
    """It is slow where others fill its device, it is slow with the device, and else it is not."""
    assert any(truth.culprits for seed in range(4) for truth in simulate("one_writer", seed, 15, "etcd").databases)
    (degraded,) = simulate("degraded_device", 2, 15, "postgresql").databases
    assert (degraded.verdict, degraded.culprits) == ("degraded_device", ())
    (quiet,) = simulate("other_volume", 2, 15, "postgresql").databases
    assert (quiet.verdict, quiet.culprits) == (None, ())


def test_an_unknown_database_is_refused() -> None:
    """By name."""
    with pytest.raises(ValueError, match="expected one of etcd, postgresql, not 'mongo'"):
        simulate("quiet", 1, 15, "mongo")


def test_tokens_are_those_of_the_requests() -> None:
    """Each request's own number between its first token and its end, and none before or after."""
    scene = draw_stage(np.random.default_rng(5), 15, Wishes(rates=(0.5, 1.0))).scene
    scene.scraping = scene.scraping.__class__(vllm=15, node=15, cadvisor=15, kube_state=30, housekeeping=0.0, lost=0.0)
    outcome = run(scene)
    (answered,), (victim,) = outcome.answered, scene.victims
    rows = telemetry_of(scene, outcome).signals["generation_tokens"]
    grid = scene.clock.start + 15 * np.arange(scene.clock.count)
    tokens, first = answered.arrivals.generated_tokens, answered.served.first_token_at
    ends = first + tokens * victim.decode_per_token
    for column in (40, len(grid) - 1):
        finished, begun = tokens[ends <= grid[column] - 15].sum(), tokens[first <= grid[column]].sum()
        assert finished - 1 <= rows.values[0, column] <= begun + 1
