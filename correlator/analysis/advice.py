"""What to do about a verdict, with a command to copy."""

from correlator.analysis.against import against
from correlator.analysis.case import Case
from correlator.analysis.commands import word
from correlator.model.finding import Advice, Suspect, SuspectKind, Verdict, Victim, VolumeSeen
from correlator.model.symptom import TTFT


def advise(case: Case, victim: Victim, volume: VolumeSeen | None, suspects: tuple[Suspect, ...]) -> tuple[Advice, ...]:
    """What to do, with a command to copy."""
    where = volume.name if volume else "the volume"
    limit = (_raise_limit(volume),) if volume is not None and volume.bound == "provisioned" else ()
    if case.verdict is Verdict.CONTENTION:
        accused = [s for s in suspects if s.accused and s.kind is not SuspectKind.UNATTRIBUTED]
        advice = [against(suspect, victim, where) for suspect in accused]
        return tuple(advice) or (_look_at_node(volume, "I/O on it is not accounted to a pod that can be accused"),)
    if case.verdict is Verdict.DEGRADED_DEVICE:
        return limit or (_look_at_node(volume, f"{where} serves the same or less load more slowly"),)
    if case.verdict is Verdict.OWN_IO:
        own = "weights, checkpoints or an offloaded KV cache" if case.symptom == TTFT else "see what it does"
        why = f"its own reads and writes slow its {case.symptom.things}: {own}"
        return (Advice(action="look at what the victim loads", why=why, command=_logs(victim)), *limit)
    if case.verdict is Verdict.LOAD:
        target = _target(victim.workload, victim.namespace, victim.pod)
        return (
            Advice(
                action="add replicas",
                why="requests ask for more than it gives",
                command=f"kubectl scale {target} --replicas=N",
            ),
        )
    if case.verdict is Verdict.OTHER:
        return (
            Advice(action="look beyond storage", why="neither storage nor load explains it", command=_logs(victim)),
        )
    return ()


def _raise_limit(volume: VolumeSeen) -> Advice:
    namespace, _, claim = (volume.claims or ("NAMESPACE/CLAIM",))[0].partition("/")
    return Advice(
        action="raise what the volume is provisioned for",
        why=f"{volume.name} runs into a burst or provisioned limit",
        command=f"kubectl -n {word(namespace)} describe pvc {word(claim)}",
    )


def _look_at_node(volume: VolumeSeen | None, why: str) -> Advice:
    node = volume.node if volume else ""
    if volume is not None and not node:
        return Advice(action="look at the back end and who else uses it", why=why, command="kubectl get pv -o wide")
    return Advice(action="look at the device", why=why, command=f"kubectl describe node {word(node)}")


def _logs(victim: Victim) -> str:
    return f"kubectl -n {word(victim.namespace)} logs {word(victim.pod)} --since=30m"


def _target(workload: str, namespace: str, pod: str) -> str:
    return f"-n {word(namespace)} {word(workload.lower() if workload else f'pod/{pod}')}"
