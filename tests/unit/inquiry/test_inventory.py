"""What is missing and what mends it, as the frames of a window tell it."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from correlator import catalog
from correlator.cli.inventory_text import as_text
from correlator.inquiry.explainable import hindrances, victims_of
from correlator.inquiry.inventory import NAMES, found_in, inventory_of, shortened, with_symptoms
from correlator.model.frame import Frame, Frames, labels_of
from correlator.model.inventory import Inventory
from correlator.model.signal import Aspect
from correlator.model.topology import Edge, Learnt, Part, PodRef, Topology, Volume
from correlator.topology import join
from tests.recorded import VICTIM, contention
from tests.symptoms import SYMPTOMS, Added

SIGNALS = catalog.load()
POD_IO = ("pod_reads", "pod_writes", "pod_read_bytes", "pod_written_bytes")
OF_VOLUMES = {
    signal.name for signal in SIGNALS if signal.aspect in {Aspect.UTILIZATION, Aspect.SATURATION, Aspect.LATENCY}
}


def inventory(frames: Frames, step_seconds: int | None = 15) -> Inventory:
    """Of a window."""
    return inventory_of("here", SIGNALS, found_in(SIGNALS, frames), frames, join(frames), step_seconds)


def without(*signals: str) -> Frames:
    """The hour of contention, some signals of which nobody scrapes."""
    frames = contention()
    return replace(frames, by_signal={name: each for name, each in frames.by_signal.items() if name not in signals})


def advice(frames: Frames, step_seconds: int | None = 15) -> dict[str, str]:
    """What was found, by chart value."""
    return {each.chart_value: each.finding for each in inventory(frames, step_seconds).remedies}


def test_a_whole_window_explains_its_victim() -> None:
    """Nothing is missing."""
    found = inventory(contention())
    assert found.can_run
    assert (found.victim_count, found.explainable_victims, found.unexplained) == (1, 1, ())


def test_a_volume_without_use_explains_nobody() -> None:
    """Its pods are known, how busy it is is not."""
    found = inventory(without(*OF_VOLUMES))
    (group,) = found.unexplained
    assert group.reason == "nothing tells how busy or slow its volume is (n1/sda)"
    assert group.victims == (VICTIM,)
    assert not found.can_run
    assert "nodeExporter.enabled=true" in advice(without("disk_io_time", "disk_queue_time"))


def test_a_back_end_whose_own_series_tell_of_it_explains_its_victims() -> None:
    """A shared volume has no disk of a node; and what a victim depends on counts as its own."""
    frames = contention()
    (victim,) = victims_of(SIGNALS, frames)
    database, export = PodRef("data", "postgres-0"), Volume(id="e", name="nas:/db", kind="nfs", node="", device="")
    edge = Edge(pod=database, volume_id="e", learnt=Learnt.CLAIM)
    known = Topology(volumes={"e": export}, edges=(edge,), parts={"e": {"n1": Part(doer=database)}})
    assert "no volume to look at" in hindrances([victim], SIGNALS, frames, known)[victim]
    depending = replace(known, depends_on={victim: (database,)})
    assert hindrances([victim], SIGNALS, frames, depending)[victim] == ""
    assert "nothing tells how busy" in hindrances([victim], SIGNALS, frames, replace(depending, parts={}))[victim]


@pytest.mark.parametrize(
    ("missing", "chart_value"),
    [
        (POD_IO, "kubelet.serviceMonitor.cAdvisorMetricRelabelings"),
        ((*POD_IO, "pod_io_heartbeat"), "kubelet.serviceMonitor.cAdvisor=true"),
    ],
)
def test_io_that_is_dropped_is_told_from_io_that_nobody_scrapes(missing: Iterable[str], chart_value: str) -> None:
    """CAdvisor that answers has its series dropped on the way; cAdvisor that does not is not scraped."""
    assert {name for name in advice(without(*missing)) if name.startswith("kubelet.")} == {chart_value}


def test_slow_scrapes_are_told() -> None:
    """From a minute on the order of onsets is lost."""
    slow = "prometheus.prometheusSpec.scrapeInterval=15s"
    assert "every 60 s" in advice(contention(), 60)[slow]
    assert slow not in advice(contention(), 30)
    assert slow not in advice(contention(), None)


def test_a_victim_without_a_pod_is_told_to_be_scraped_by_one() -> None:
    """Known by its address alone."""
    frames = contention()
    nameless = {name: _without_labels(frames.get(name), "namespace", "pod") for name in ("ttft_bucket", "ttft_count")}
    told = inventory(replace(frames, by_signal={**frames.by_signal, **nameless}))
    assert any("known by their address alone" in each.finding for each in told.remedies)


def test_few_names_are_told_where_there_are_thousands() -> None:
    """The counts stay."""
    found = inventory(contention())
    many = replace(found, victims=tuple(f"n/p{i}" for i in range(2000)), victim_count=2000)
    assert len(shortened(many).victims) == NAMES
    assert shortened(many).victim_count == 2000


def _without_labels(frame: Frame, *names: str) -> Frame:
    rows = {
        labels_of({name: value for name, value in labels if name not in names}): values
        for labels, values in zip(frame.labels, frame.values, strict=True)
    }
    return Frame.from_rows(frame.signal, frame.grid, rows)


def test_who_has_another_symptom_is_told_apart() -> None:
    """A database without first tokens is no victim of theirs; whether it could be explained is said all the same."""
    added = Added(contention())
    steps = added.frames.grid.count
    added.database("pg-0", np.full(steps, 30.0), np.full(steps, 0.004))
    frames = added.result()
    topology, alone = join(frames), inventory(frames)
    found = with_symptoms(alone, tuple(SYMPTOMS.values()), SIGNALS, frames, topology)
    assert (found.victim_count, found.can_run) == (1, True)
    (database,) = (each for each in found.symptoms if each.name == "postgresql_transactions")
    assert (database.count, database.victims, database.explainable) == (1, ("memory/pg-0",), 0)
    assert "no volume" in database.unexplained[0].reason
    told = as_text(found)
    assert "time per transaction (postgresql_transactions): 0 of 1 can be explained: memory/pg-0" in told
    assert f"1 cannot (memory/pg-0): {database.unexplained[0].reason}" in told
    assert told.count("memory/pg-0") == 2
    assert not with_symptoms(alone, tuple(SYMPTOMS.values()), SIGNALS, contention(), topology).symptoms
