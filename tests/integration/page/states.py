"""What a page is looked at with: one cause with several victims, a long past, and names that mean harm."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from correlator.model.finding import Evidence, EvidenceSeries, Verdict
from correlator.model.frame import BlindSpot
from correlator.model.incident import Incident, State
from correlator.web.state import WebState
from tests.factories import (
    HOSTILE,
    STARTED,
    make_considered,
    make_episode,
    make_evidence,
    make_incident,
    make_reasoned_evidence,
    make_suspect,
    make_victim,
    make_volume,
)
from tests.snapshots import make_edge, make_pod_on_volume, make_snapshot, make_victim_now, make_volume_now
from tests.unit.web.fakes import FakeIncidents, make_state, make_status

EPISODE = "/episodes/e9150de"
INCIDENT = "/incidents/c0ffee5eed"
LONG = "x" * 500
TURNED = "\u202etxt.exe\u202c"
LINK = "javascript:alert(1)"
QUOTES = """'"><script>alert(1)</script>{{7*7}}`${1}`"""
HARMFUL = {"markup": HOSTILE, "quotes": QUOTES, "turned": TURNED, "long": LONG, "link": LINK}


def one_cause(victims: int = 3, past: int = 60) -> FakeIncidents:
    """One open episode with so many victims, and a past of so many incidents of other verdicts."""
    suffering = [_victim(rank) for rank in range(victims)]
    gone = [_past(rank) for rank in range(past)]
    evidence = {each.id: _evidence_of(each, rank) for rank, each in enumerate(suffering)}
    episode = make_episode(incident_ids=tuple(each.id for each in suffering))
    return FakeIncidents([*suffering, *gone], evidence, [episode])


def _victim(rank: int) -> Incident:
    began = STARTED + timedelta(seconds=15 * rank)
    identity = "c0ffee5eed" if rank == 0 else f"c0ffee{rank}"
    victim = make_victim(pod=f"vllm-{rank}") if rank else make_victim()
    return make_incident(id=identity, victim=victim, started_at=began, confidence=0.97 - rank / 100)


def _past(rank: int) -> Incident:
    began = STARTED - timedelta(hours=rank + 1)
    verdict = (Verdict.LOAD, Verdict.OTHER, Verdict.CONTENTION)[rank % 3]
    return make_incident(
        id=f"past{rank}",
        episode_id=f"past{rank}",
        state=State.RESOLVED,
        verdict=verdict,
        started_at=began,
        detected_at=began,
        ended_at=began + timedelta(minutes=7),
        suspects=(make_suspect(),) if verdict is Verdict.CONTENTION else (),
    )


def _evidence_of(incident: Incident, rank: int) -> Evidence:
    """The evidence of one victim: the volume is the same for all, the victims' curves are their own."""
    name = f"{incident.victim.namespace}/{incident.victim.pod}"
    own = {"ttft", "ttft_baseline", "requests", "victim_io"}
    series = make_evidence(seed=7 + rank).series
    named_so = tuple(replace(curve, label=name) if curve.role in own else curve for curve in series)
    return replace(make_reasoned_evidence(), onset=incident.started_at, series=named_so)


def named(name: str) -> WebState:
    """A cluster whose every name is that one."""
    suspect = make_suspect(namespace=name, pod=name, workload=name, node=name)
    victim = make_victim(namespace=name, pod=name, model_name=name)
    incident = make_incident(
        suspects=(suspect,),
        victim=victim,
        volume=make_volume(id=name, name=name),
        explanation=f"</p>{name}",
        reasons=(name,),
        blind_spots=(BlindSpot(name, name),),
    )
    episode = make_episode(culprits=(f"{name}/{name}",), volume_ids=(name,), incident_ids=(incident.id, "gone"))
    pods = (make_pod_on_volume(namespace=name, pod=name, workload=name),)
    snapshot = make_snapshot(
        volumes=(make_volume_now(id=name, name=name, errors=(name,), pods=pods),),
        victims=(make_victim_now(namespace=name, pod=name, model_name=name, volume_ids=(name,)),),
        edges=(make_edge(namespace=name, pod=name, claim=name, volume_id=name, node=name),),
        blind_spots=(BlindSpot(name, name),),
    )
    store = FakeIncidents([incident], {incident.id: _named(make_reasoned_evidence(), name)}, [episode])
    return make_state(incidents=store, snapshot=snapshot, status=make_status(source=name))


def _named(evidence: Evidence, name: str) -> Evidence:
    series: Sequence[EvidenceSeries] = [replace(curve, label=f"{name}/{name}") for curve in evidence.series]
    other = make_considered(namespace=name, pod=name, workload=name, sentence=name)
    return replace(evidence, series=tuple(series), considered=(other,))
