"""Says in one paragraph what happened, why this pod, what was ruled out and what could not be seen; and what to do."""

from collections.abc import Callable, Iterable

from correlator.analysis.case import Case
from correlator.model.finding import (
    Advice,
    Change,
    Suspect,
    SuspectKind,
    TtftEffect,
    UseChange,
    Verdict,
    Victim,
    VolumeSeen,
)


def seconds(value: float | None) -> str:
    """A duration as people say it: 76 ms, 1.4 s."""
    if value is None:
        return "unknown"
    if value < 0.001:  # noqa: PLR2004
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.3g} s"


def rate(value: float | None) -> str:
    """Bytes per second as people say it: 410 MB/s."""
    if value is None:
        return "unknown"
    for unit, size in (("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B/s"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.0f} %"


def explain(
    case: Case,
    victim: Victim,
    ttft: TtftEffect,
    volume: VolumeSeen | None,
    use: UseChange | None,
    suspects: tuple[Suspect, ...],
) -> str:
    """One paragraph that a person can act on."""
    sentences = [_symptom(victim, ttft), *_cause(case, ttft, volume, use, suspects), *_unseen(case)]
    return " ".join(sentence for sentence in sentences if sentence)


def name_of(suspect: Suspect) -> str:
    """What a suspect is called: `namespace/pod`, a node, or unattributed I/O."""
    if suspect.kind is SuspectKind.UNATTRIBUTED:
        return "I/O that no pod accounts for"
    return f"{suspect.namespace}/{suspect.pod}" if suspect.kind is SuspectKind.POD else f"node {suspect.node}"


def _symptom(victim: Victim, ttft: TtftEffect) -> str:
    who = f"{victim.namespace}/{victim.pod}" if victim.namespace else victim.pod
    if ttft.stalled and ttft.observed_seconds is None:
        return f"{who} stopped giving first tokens while requests wait."
    words = (
        f"{_statistic(ttft.statistic)} time to first token of {who} rose from {seconds(ttft.baseline_seconds)} "
        f"to {seconds(ttft.observed_seconds)}"
    )
    stalled = ", after a time without any first token" if ttft.stalled else ""
    return f"{words} ({ttft.requests_affected} requests){stalled}."


def _statistic(name: str) -> str:
    return {"mean": "Mean", "p50": "Median"}.get(name, name)


def _cause(
    case: Case, ttft: TtftEffect, volume: VolumeSeen | None, use: UseChange | None, suspects: tuple[Suspect, ...]
) -> Iterable[str]:
    where = volume.name if volume else "its volume"
    yield _volume_words(where, use)
    if case.verdict is Verdict.CONTENTION:
        yield from _contention(case, ttft, where, suspects)
    elif case.verdict is Verdict.DEGRADED_DEVICE:
        yield f"Nobody added load to {where}: the device itself got slower; what its pods get from it fell or stayed."
    elif case.verdict is Verdict.OWN_IO:
        yield f"The I/O that was added to {where} is the victim's own, more than its requests account for."
    elif case.verdict is Verdict.LOAD:
        yield f"Its load rose: {_load(case)}."
    elif case.verdict is Verdict.OTHER:
        yield from _other(case, where)
    else:
        yield f"The cause cannot be told: {_reasons(case)}."


def _volume_words(where: str, use: UseChange | None) -> str:
    if use is None:
        return ""
    return (
        f"On {where} a read took {_from_to(use.read_latency_seconds, seconds)}, "
        f"queue depth went {_from_to(use.queue_depth, _number)}, "
        f"utilization {_from_to(use.utilization_ratio, _percent)}."
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2g}"


def _from_to(change: Change, words: Callable[[float | None], str]) -> str:
    return f"from {words(change.baseline)} to {words(change.observed)}"


def _contention(case: Case, ttft: TtftEffect, where: str, suspects: tuple[Suspect, ...]) -> Iterable[str]:
    if not suspects:
        return
    first = suspects[0]
    accused = [s for s in suspects if s.accused] or [first]
    for suspect in accused:
        yield _suspect_words(suspect, where, ttft)
        yield _past_words(suspect)
    others = [s for s in suspects if s not in accused]
    if others:
        other = others[0]
        yield f"Next is {name_of(other)} with {_percent(other.share_ratio)} of the added device time."
    if case.load.is_up:
        yield f"Load rose too: {_load(case)}."
    else:
        yield "Load did not change enough to explain it."


def _suspect_words(suspect: Suspect, where: str, ttft: TtftEffect) -> str:
    size = _io_words(suspect)
    without = ""
    total = ttft.mean_excess_seconds.total
    if suspect.mean_excess_seconds and total:
        without = f" and cost {seconds(suspect.mean_excess_seconds)} of the {seconds(total)} that mean TTFT rose"
    name = name_of(suspect)
    lag = "" if suspect.lag_seconds is None else _lag(suspect.lag_seconds)
    return (
        f"{name[0].upper() + name[1:] if suspect.kind is SuspectKind.UNATTRIBUTED else name} added "
        f"{_percent(suspect.share_ratio)} of the device time that was added to {where} ({size}{lag}){without} "
        f"(confidence {suspect.confidence:.2f})."
    )


def _past_words(suspect: Suspect) -> str:
    """What days tell of it; without them its p-value rests on the window alone, which needs no word."""
    past = suspect.recurrence
    if past is None:
        return ""
    times = {0: "never as busy", 1: "as busy once"}.get(past.rises, f"as busy {past.rises} times")
    words = f"In the {past.seconds / 3600:.0f} h before, it was {times} while first tokens were normal"
    if not past.regressions:
        return f"{words}, and they were never as slow."
    return f"{words}, and in {past.regressions_with} of the {past.regressions} times when they were as slow."


def _lag(lag: float) -> str:
    if lag == 0:
        return ", from the same scrape on"
    return f", {abs(lag):.0f} s {'before' if lag < 0 else 'after'} first tokens got slow"


def _io_words(suspect: Suspect) -> str:
    parts = []
    if suspect.direction in ("read", "both"):
        parts.append(_side("reads", suspect.read_bytes_per_second, suspect.read_operations_per_second))
    if suspect.direction in ("write", "both"):
        parts.append(_side("writes", suspect.write_bytes_per_second, suspect.write_operations_per_second))
    return ", ".join(parts)


def _side(side: str, volume: Change, operations: Change) -> str:
    per_second = "unknown" if operations.observed is None else f"{operations.observed:.0f}"
    return f"{side} {_from_to(volume, rate)} in {per_second} operations/s"


def _load(case: Case) -> str:
    arrivals, prompts = case.load.arrivals, case.load.prompt_length
    parts = []
    if arrivals.baseline and arrivals.observed:
        parts.append(f"requests went from {arrivals.baseline:.2g} to {arrivals.observed:.2g} a second")
    if prompts.baseline and prompts.observed:
        parts.append(f"prompts from {prompts.baseline:.0f} to {prompts.observed:.0f} tokens")
    return ", ".join(parts) or "arrivals are not known in detail"


def _other(case: Case, where: str) -> Iterable[str]:
    if "victim_not_exposed" in case.reasons:
        yield f"{where} got worse, but the victim does not depend on it enough to feel that."
    elif "held_by_own_limit" in case.reasons:
        yield f"{where} is quiet while the victim waits on I/O: its own limit (io.max or a provisioned cap) holds it."
    else:
        yield f"{where} is no worse than before: storage did not cause this."
    yield "Load did not change enough to explain it either." if case.load.seen else "Its load is not known."


CHANGES = {
    "restart": "the pod started anew",
    "rollout": "pods of another template of its workload started: a rollout",
    "model_change": "the pod took up another model",
}
"""What happened to the victim itself."""

SEASONS = {"yesterday": "yesterday", "last_week": "a week ago"}
"""The days that are compared with."""

NEW_NORMAL = "It has lasted so long that it is the new normal from here on."

WORDS = {
    "evidence_still_gathering": "too few slow steps have been seen yet",
    "victim_not_mapped_to_a_volume": "no series shows which volume the victim uses",
    "volume_not_seen": "the counters of its volume are missing",
    "volume_got_worse": "the volume got worse",
    "victim_io_not_seen": "neither the victim's reads nor its I/O pressure are known",
    "victim_exposed": "the victim depends on it",
    "pod_io_not_seen": "the I/O of the node's pods is missing, so nobody can be named",
    "no_suspect_stands_out": "no suspect stands out",
    "load_rose": "load rose at the same time",
    "others_added_load": "others added load",
}


def _reasons(case: Case) -> str:
    return ", ".join(WORDS.get(reason, reason.replace("_", " ")) for reason in case.reasons)


def _unseen(case: Case) -> Iterable[str]:
    if case.blind_spots:
        yield "Not seen: " + "; ".join(spot.reason for spot in case.blind_spots) + "."


def advise(case: Case, victim: Victim, volume: VolumeSeen | None, suspects: tuple[Suspect, ...]) -> tuple[Advice, ...]:
    """What to do, with a command to copy."""
    where = volume.name if volume else "the volume"
    if case.verdict is Verdict.CONTENTION:
        accused = [s for s in suspects if s.accused and s.kind is SuspectKind.POD]
        advice = [_against(suspect, where) for suspect in accused]
        return tuple(advice) or (_look_at_node(volume, "I/O on it is not accounted to a pod that can be accused"),)
    if case.verdict is Verdict.DEGRADED_DEVICE:
        return (_look_at_node(volume, f"{where} serves the same or less load more slowly"),)
    if case.verdict is Verdict.OWN_IO:
        why = "its own reads and writes slow its first tokens: weights, checkpoints or an offloaded KV cache"
        return (Advice(action="look at what the victim loads", why=why, command=_logs(victim)),)
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


def _against(suspect: Suspect, where: str) -> Advice:
    kind = suspect.workload.partition("/")[0]
    why = f"{name_of(suspect)} added {_percent(suspect.share_ratio)} of the device time that was added to {where}"
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
    return Advice(action="look at the device", why=why, command=f"kubectl describe node {node}")


def _logs(victim: Victim) -> str:
    return f"kubectl -n {victim.namespace} logs {victim.pod} --since=30m"


def _target(workload: str, namespace: str, pod: str) -> str:
    return f"-n {namespace} {workload.lower() if workload else f'pod/{pod}'}"
