"""What to do about a culprit: as its tier allows, by what owns its pod.

A sandbox job may be stopped or moved at once, a pipeline waits for a quiet hour, another model is placed elsewhere, and
data infrastructure is left running whatever it does: there the victim moves. A tier that is not known allows what
Kubernetes can undo.
"""

from correlator.analysis.commands import word
from correlator.analysis.wording import name_of, percent
from correlator.analysis.workloads import job_of
from correlator.model.finding import Advice, Suspect, SuspectKind, Victim
from correlator.model.tier import DATA, INFERENCE, PIPELINE, SANDBOX, known_tier

SCALABLE = ("Deployment", "ReplicaSet", "StatefulSet")
"""Owners whose pods go when they are scaled to none, and come back."""

RUNS_TO_AN_END = ("Job", "CronJob")


def against(suspect: Suspect, victim: Victim, where: str) -> Advice:
    """What to do about an accused pod, or node, that harms `victim` on the volume called `where`."""
    why = f"{name_of(suspect)} added {percent(suspect.share_ratio)} of the device time that was added to {where}"
    if suspect.kind is SuspectKind.NODE:
        command = f"kubectl get pods -A --field-selector spec.nodeName={word(suspect.node)}"
        return Advice(action="find out which pod of the node it is", why=why, command=command)
    return _against_pod(suspect, victim, why)


def _against_pod(suspect: Suspect, victim: Victim, why: str) -> Advice:
    tier = known_tier(suspect.tier)
    if tier == DATA:
        return _spare(suspect, victim, why)
    if tier == INFERENCE:
        return Advice(
            action="keep the two apart: another node or another volume for one of them",
            why=f"{why}; it serves a model as well, so neither is to be throttled",
            command=_described(suspect),
        )
    kind, _, name = suspect.workload.partition("/")
    if kind in RUNS_TO_AN_END:
        job = job_of(suspect.workload, suspect.pod)
        return _suspend(suspect, ("job", job) if job else ("cronjob", name), why, tier)
    if tier == SANDBOX:
        return _stop(suspect, kind, name, why)
    if tier == PIPELINE:
        return Advice(
            action="run it at a quieter hour, or on another volume",
            why=f"{why}; what it computes does not depend on when it runs",
            command=_described(suspect),
        )
    return Advice(action="throttle it or move it to another volume", why=why, command=_described(suspect))


def _suspend(suspect: Suspect, what: tuple[str, str], why: str, tier: str) -> Advice:
    """A suspended Job's pods are ended; resumed, it starts them anew. A suspended CronJob makes no more Jobs."""
    patch = """-p '{"spec":{"suspend":true}}'"""
    action = {
        SANDBOX: "suspend the sandbox's job, then run it on another volume",
        PIPELINE: "suspend the pipeline's job and resume it at a quieter hour",
    }.get(tier, "suspend the job")
    return Advice(
        action=action, why=why, command=f"kubectl -n {word(suspect.namespace)} patch {what[0]} {word(what[1])} {patch}"
    )


def _stop(suspect: Suspect, kind: str, name: str, why: str) -> Advice:
    """A sandbox is there to be interrupted: scaled to none, or deleted where nothing would start it again."""
    namespace = suspect.namespace
    if kind in SCALABLE:
        command = f"kubectl -n {word(namespace)} scale {kind.lower()} {word(name)} --replicas=0"
        return Advice(action="stop the sandbox, then run it on another volume", why=why, command=command)
    if not kind:
        return Advice(
            action="stop the sandbox's pod, then run it on another volume",
            why=f"{why}; nothing starts it again by itself",
            command=f"kubectl -n {word(namespace)} delete pod {word(suspect.pod)}",
        )
    return Advice(action="throttle the sandbox or move it to another volume", why=why, command=_described(suspect))


def _spare(suspect: Suspect, victim: Victim, why: str) -> Advice:
    """Data infrastructure is never throttled or stopped: others depend on it."""
    if suspect.workload.partition("/")[0] in RUNS_TO_AN_END:
        action = "let it finish, then move it to a quieter hour"
    else:
        action = f"leave it running; give {victim.namespace}/{victim.pod} another volume"
    return Advice(
        action=action,
        why=f"{why}; it is data infrastructure, on which others depend: look at what it does now",
        command=f"kubectl -n {word(suspect.namespace)} logs {word(suspect.pod)} --since=30m",
    )


def _described(suspect: Suspect) -> str:
    return f"kubectl -n {word(suspect.namespace)} describe pod {word(suspect.pod)}"
