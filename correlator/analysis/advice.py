"""What to do about a verdict, with a command to copy."""

from correlator.analysis.case import Case
from correlator.analysis.wording import name_of, percent
from correlator.model.finding import Advice, Suspect, SuspectKind, Verdict, Victim, VolumeSeen


def advise(case: Case, victim: Victim, volume: VolumeSeen | None, suspects: tuple[Suspect, ...]) -> tuple[Advice, ...]:
    """What to do, with a command to copy."""
    where = volume.name if volume else "the volume"
    limit = (_raise_limit(volume),) if volume is not None and volume.bound == "provisioned" else ()
    if case.verdict is Verdict.CONTENTION:
        accused = [s for s in suspects if s.accused and s.kind is not SuspectKind.UNATTRIBUTED]
        advice = [_against(suspect, where) for suspect in accused]
        return tuple(advice) or (_look_at_node(volume, "I/O on it is not accounted to a pod that can be accused"),)
    if case.verdict is Verdict.DEGRADED_DEVICE:
        return limit or (_look_at_node(volume, f"{where} serves the same or less load more slowly"),)
    if case.verdict is Verdict.OWN_IO:
        why = "its own reads and writes slow its first tokens: weights, checkpoints or an offloaded KV cache"
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
        command=f"kubectl -n {namespace} describe pvc {claim}",
    )


def _against(suspect: Suspect, where: str) -> Advice:
    kind = suspect.workload.partition("/")[0]
    why = f"{name_of(suspect)} added {percent(suspect.share_ratio)} of the device time that was added to {where}"
    if suspect.kind is SuspectKind.NODE:
        command = f"kubectl get pods -A --field-selector spec.nodeName={suspect.node}"
        return Advice(action="find out which pod of the node it is", why=why, command=command)
    if kind == "Job":
        job = suspect.workload.partition("/")[2]
        patch = """-p '{"spec":{"suspend":true}}'"""
        return Advice(
            action="suspend the job", why=why, command=f"kubectl -n {suspect.namespace} patch job {job} {patch}"
        )
    return Advice(
        action="throttle it or move it to another volume",
        why=why,
        command=f"kubectl -n {suspect.namespace} describe pod {suspect.pod}",
    )


def _look_at_node(volume: VolumeSeen | None, why: str) -> Advice:
    node = volume.node if volume else ""
    if volume is not None and not node:
        return Advice(action="look at the back end and who else uses it", why=why, command="kubectl get pv -o wide")
    return Advice(action="look at the device", why=why, command=f"kubectl describe node {node}")


def _logs(victim: Victim) -> str:
    return f"kubectl -n {victim.namespace} logs {victim.pod} --since=30m"


def _target(workload: str, namespace: str, pod: str) -> str:
    return f"-n {namespace} {workload.lower() if workload else f'pod/{pod}'}"
