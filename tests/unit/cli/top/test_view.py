"""The rows: their order, what they say of who is accused, and that unknown stays unknown."""

from dataclasses import replace
from datetime import timedelta

from correlator.cli.top.view import Seen, view_of
from correlator.model.finding import SymptomEffect
from correlator.model.snapshot import SymptomNow
from tests.factories import STARTED, make_incident, make_victim
from tests.snapshots import make_snapshot, make_victim_now, make_volume_now

NOW = STARTED + timedelta(minutes=6, seconds=20)
ETCD = SymptomEffect(
    name="etcd_fsync", quantity="write-ahead log fsync", things="fsyncs", unit="seconds", statistic="p99",
    baseline=0.004, observed=0.2, ratio=50.0, affected=300, stopped=False, silent=False,
)  # fmt: skip


def make_seen(**changes: object) -> Seen:
    """One contention as it is seen."""
    return Seen(**{"snapshot": make_snapshot(), "incidents": [make_incident()], "source": "test", **changes})  # type: ignore[arg-type]


def test_volumes_are_sorted_by_saturation() -> None:
    """The longest queue first; what was not seen comes last."""
    unseen = make_volume_now(id="x", name="x", queue_depth=None, utilization_ratio=None, pods=())
    view = view_of(make_seen(snapshot=make_snapshot(volumes=(unseen, *make_snapshot().volumes[::-1]))), NOW)
    assert [row.name for row in view.volumes] == ["n1/nvme0n1", "filer:/models", "n2/sda", "x"]


def test_pods_say_who_is_accused() -> None:
    """The culprit of an open incident is marked where it stands on its volume; nobody without one."""
    pods = view_of(make_seen(), NOW).volumes[0].pods
    assert [(pod.name, pod.accused) for pod in pods] == [
        ("rag/reindex-28812345-h8kz2", True),
        ("inference/vllm-7c9f4-x2x8q", False),
        ("logging/vector-9zk4l", False),
    ]
    assert pods[2].device_time_ratio is None
    assert not any(pod.accused for pod in view_of(make_seen(incidents=[]), NOW).volumes[0].pods)


def test_victims_that_suffer_come_first() -> None:
    """With its open incident, then the others by how much slower they are."""
    view = view_of(make_seen(), NOW)
    assert [row.name for row in view.victims] == ["inference/vllm-7c9f4-x2x8q", "inference/vllm-7c9f4-q9w2e"]
    first = view.victims[0]
    assert (first.ttft_seconds, first.ttft_baseline_seconds) == (0.242, 0.075)
    assert first.open_incident_id == "c0ffee5eed"
    assert first.volumes == ["n1/nvme0n1"]
    assert view.victims[1].open_incident_id is None


def test_other_symptoms_have_rows_of_their_own() -> None:
    """Beside first tokens, or alone where there are none; each with its own incident."""
    slow = SymptomNow(
        name="etcd_fsync", quantity="fsync", unit="seconds", observed=0.2, baseline=0.004, regressed_since=STARTED
    )
    etcd = make_victim_now(pod="etcd-0", model_name="", ttft=(), symptoms=(slow,), regressed_since=None)
    both = make_victim_now(symptoms=(replace(slow, regressed_since=None),))
    incident = make_incident(
        id="etcd", victim=make_victim(pod="etcd-0", model_name="", symptom="etcd_fsync"), symptom=ETCD
    )
    seen = make_seen(snapshot=make_snapshot(victims=(etcd, both)), incidents=[incident])
    rows = [(row.name, row.symptom and row.symptom.name, row.open_incident_id) for row in view_of(seen, NOW).victims]
    assert rows == [
        ("inference/etcd-0", "etcd_fsync", "etcd"),
        ("inference/vllm-7c9f4-x2x8q", None, None),
        ("inference/vllm-7c9f4-x2x8q", "etcd_fsync", None),
    ]


def test_a_victim_that_is_gone_is_told_by_its_incident() -> None:
    """The silent failure: nothing is seen of it any more."""
    gone = make_incident(id="gone", victim=make_victim(pod="etcd-0", model_name="", symptom="etcd_fsync"), symptom=ETCD)
    row = view_of(make_seen(incidents=[gone]), NOW).victims[0]
    assert (row.name, row.open_incident_id) == ("inference/etcd-0", "gone")
    assert row.symptom is not None
    assert (row.symptom.observed, row.symptom.baseline) == (0.2, 0.004)


def test_incidents_name_culprits() -> None:
    """Victim, volume, verdict, who did it, and how slow first tokens are."""
    (row,) = view_of(make_seen(), NOW).incidents
    assert row.culprits == ["rag/reindex-28812345-h8kz2"]
    assert (row.victim, row.volume, row.verdict) == ("inference/vllm-7c9f4-x2x8q", "n1/nvme0n1", "contention")


def test_rows_are_cut_but_counted() -> None:
    """So many of each kind; totals say how many there are."""
    view = view_of(make_seen(), NOW, rows=1)
    assert (len(view.volumes), view.volumes_total) == (1, 3)
    assert (len(view.victims), view.victims_total) == (1, 2)


def test_age_is_that_of_the_step() -> None:
    """Old data is told by its age, whatever the reason."""
    assert view_of(make_seen(), NOW).age_seconds == 20.0
    assert view_of(make_seen(), NOW, error="down").error == "down"


def test_a_victim_without_first_tokens_has_unknown_ttft() -> None:
    """None, never zero."""
    view = view_of(make_seen(snapshot=make_snapshot(victims=(make_victim_now(ttft=()),))), NOW)
    assert view.victims[0].ttft_seconds is None
