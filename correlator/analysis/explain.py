"""Says in one paragraph what happened, why this pod and not the next one, what was ruled out and what was not seen."""

from collections.abc import Iterator

from correlator.analysis.account import Account
from correlator.analysis.case import Case
from correlator.analysis.considered import title_of
from correlator.analysis.ruled_out import BY_VOLUME, load_words, served
from correlator.analysis.wording import (
    UNATTRIBUTED,
    began,
    from_to,
    listed,
    name_of,
    number,
    operations,
    percent,
    rate,
    seconds,
)
from correlator.model.finding import (
    Change,
    Suspect,
    Verdict,
)

NAMED = 3
"""So many culprits are told of in full; of the others only how many they are."""

OTHERS = 2
"""So many of those who are not blamed have their reason in the paragraph."""


def explain(case: Case, told: Account) -> str:
    """One paragraph that a person can act on: the answer first, then what it rests on."""
    sentences = [
        _answer(case, told),
        *_cause(case, told),
        _volume_words(told),
        _without(case, told),
        _load_too(case),
        _ruled_out(told),
        _others(case, told),
        _unseen(case),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _answer(case: Case, told: Account) -> str:
    sure, effect = f"(confidence {case.confidence:.2f})", _effect(told)
    if case.verdict is Verdict.CONTENTION:
        return f"{_who(told)} made first tokens slow through {told.where}: {effect}."
    if case.verdict is Verdict.DEGRADED_DEVICE:
        return f"On {told.where} the device itself got slower {sure}: {effect}."
    if case.verdict is Verdict.OWN_IO:
        return f"It is the victim's own I/O on {told.where} {sure}: {effect}."
    if case.verdict is Verdict.LOAD:
        return f"It is load, not storage {sure}: {effect}."
    if case.verdict is Verdict.OTHER:
        return f"It is neither {'storage nor load' if case.load.seen else 'storage'} {sure}: {effect}."
    return f"The cause cannot be told ({_reasons(case)}): {effect}."


def _who(told: Account) -> str:
    """Who is blamed, with how sure the engine is of each; below an accusation it says so."""
    names = [f"{name_of(one)} (confidence {one.confidence:.2f})" for one in told.blamed[:NAMED]]
    more = len(told.blamed) - len(names)
    who = listed([*names, f"{more} more"] if more else names)
    if any(one.accused for one in told.blamed):
        return who[0].upper() + who[1:] if who.startswith(UNATTRIBUTED) else who
    return f"Probably {who}, too little to accuse anybody,"


def _effect(told: Account) -> str:
    victim, ttft = told.victim, told.ttft
    who = f"{victim.namespace}/{victim.pod}" if victim.namespace else victim.pod
    if ttft.stalled and ttft.observed_seconds is None:
        return f"{who} stopped giving first tokens while requests wait"
    stalled = ", after a time without any first token" if ttft.stalled else ""
    statistic = {"mean": "mean", "p50": "median"}.get(ttft.statistic, ttft.statistic)
    rose = from_to(Change(ttft.baseline_seconds, ttft.observed_seconds), seconds)
    return f"{statistic} time to first token of {who} rose {rose} ({ttft.requests_affected} requests){stalled}"


def _cause(case: Case, told: Account) -> Iterator[str]:
    if case.verdict is Verdict.CONTENTION:
        yield "; ".join(_suspect_words(one, told.where) for one in told.blamed[:NAMED]) + "."
        yield from filter(None, map(_past_words, told.blamed[:1]))
    elif case.verdict is Verdict.DEGRADED_DEVICE and case.volume is not None:
        number_of, size = served(case.volume, case.spans)
        given = f"{from_to(number_of, operations)} and {from_to(size, rate)}"
        yield f"Nobody added a load that matters: what it serves went {given}."
    elif case.verdict is Verdict.OWN_IO and case.volume is not None:
        share = case.volume.contributions.share_of(case.victim.key.ref)
        yield f"The victim itself added {percent(share)} of the device time, more than its requests account for."
    elif case.verdict is Verdict.LOAD:
        yield f"Its load rose: {load_words(case.load)}."
    elif case.verdict is Verdict.OTHER:
        yield _other(case, told.where)


def _suspect_words(suspect: Suspect, where: str) -> str:
    when = began(suspect.lag_seconds)
    moved = _io_words(suspect) + (f", {when}" if when else "")
    who = "It" if name_of(suspect) == UNATTRIBUTED else name_of(suspect)
    return f"{who} added {percent(suspect.share_ratio)} of the device time on {where} ({moved})"


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


def _io_words(suspect: Suspect) -> str:
    parts = []
    if suspect.direction in ("read", "both"):
        parts.append(_side("reads", suspect.read_bytes_per_second, suspect.read_operations_per_second))
    if suspect.direction in ("write", "both"):
        parts.append(_side("writes", suspect.write_bytes_per_second, suspect.write_operations_per_second))
    return ", ".join(parts)


def _side(side: str, volume: Change, number_of: Change) -> str:
    return f"{side} {from_to(volume, rate)} in {operations(number_of.observed)}"


def _other(case: Case, where: str) -> str:
    if "victim_not_exposed" in case.reasons:
        words = f"{where} got worse, but the victim does not depend on it enough to feel that"
    elif "held_by_own_limit" in case.reasons:
        words = f"{where} is quiet while the victim waits on I/O: its own limit (io.max or a provisioned cap) holds it"
    else:
        words = f"{where} is no worse than before: storage did not cause this"
    return f"{words}." if case.load.seen else f"{words}; its load is not known."


def _volume_words(told: Account) -> str:
    use = told.use
    if use is None:
        return ""
    of_others = told.volume is not None and told.volume.via == "depends_on"
    whose = ", which it uses through what it depends on," if of_others else ""
    parts = [
        f"On {told.where}{whose} a read went {from_to(use.read_latency_seconds, seconds)}",
        f"queue depth went {from_to(use.queue_depth, number)}",
    ]
    if told.volume is None or told.volume.kind == "disk":
        parts.append(f"utilization {from_to(use.utilization_ratio, percent)}")  # of a back end nobody knows it
    words = ", ".join(parts)
    return f"{words}; {told.limit.sentence}." if told.limit else f"{words}."


def _without(case: Case, told: Account) -> str:
    """What would have been without those who are blamed."""
    means = told.mean_ttft
    if case.verdict is not Verdict.CONTENTION or means.without_suspects_seconds is None:
        return ""
    cost, total = (means.observed_seconds or 0.0) - means.without_suspects_seconds, told.ttft.mean_excess_seconds.total
    return (
        f"Mean time to first token was {seconds(means.observed_seconds)}; without that I/O it would have been about "
        f"{seconds(means.without_suspects_seconds)}, so it cost {seconds(cost)} of the {seconds(total)} rise."
    )


def _load_too(case: Case) -> str:
    """A load that rose beside storage, with its part."""
    if not case.load.is_up or case.verdict not in BY_VOLUME:
        return ""
    part = seconds(case.split.load) if case.split.load > 0 else "nothing"
    return f"Load rose too ({load_words(case.load)}) and explains {part} of it."


CAUSES = {
    "load": "load",
    "degraded_device": "a degraded device",
    "own_io": "the victim's own I/O",
}
"""What is ruled out in a sentence of its own; why it is no contention stands with the volume."""


def _ruled_out(told: Account) -> str:
    parts = [f"{CAUSES[one.cause]} ({one.sentence})" for one in told.ruled_out if one.cause in CAUSES]
    return f"Ruled out: {', '.join(parts)}." if parts else ""


def _others(case: Case, told: Account) -> str:
    """The next ones and why not they: who added most of the rest, then the largest."""
    if case.verdict is not Verdict.CONTENTION or not told.considered:
        return ""
    ranked = sorted(told.considered, key=lambda one: -one.share_ratio)
    named = [ranked[0], *(one for one in told.considered if one is not ranked[0])][:OTHERS]
    more = len(told.considered) + told.considered_rest - len(named)
    rest = f", and {more} more" if more else ""
    return f"Not the others: {', '.join(f'{title_of(one)} ({one.sentence})' for one in named)}{rest}."


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


def _unseen(case: Case) -> str:
    return "Not seen: " + "; ".join(spot.reason for spot in case.blind_spots) + "." if case.blind_spots else ""
