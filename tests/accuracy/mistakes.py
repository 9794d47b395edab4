"""Cases in which our engine was wrong: what it said, and what was right."""

from collections.abc import Iterable

from tests.accuracy.accusing import right_and_wrong
from tests.accuracy.outcomes import Outcomes
from tests.accuracy.results import CaseResult, IncidentSeen, VictimResult
from tests.accuracy.tables import table
from tests.accuracy.timing import is_late


def lines(outcomes: Outcomes) -> list[str]:
    """Markdown: how many cases of each kind went wrong, then each of them, crashed ones first."""
    wrong = [(case, v, why) for case in outcomes.cases for v in case.victims if (why := mistakes_in(case, v))]
    counts = [
        (kind, str(len(outcomes.of_kind(kind))), str(len({case.seed for case, _, _ in wrong if case.kind == kind})))
        for kind in outcomes.kinds
    ]
    crashed = [f"- {each.kind} seed {each.seed}: {each.error.splitlines()[-1]}" for each in outcomes.failures]
    return [
        *crashed,
        *table(("kind", "cases", "with a mistake"), counts),
        "",
        *table(("kind", "seed", "wrong", "right", "said"), (_row(*each) for each in wrong)),
    ]


def mistakes_in(case: CaseResult, victim: VictimResult) -> str:
    """What is wrong with what was said of a victim; empty where nothing is."""
    found = []
    if victim.verdict != victim.right_verdict:
        found.append("verdict")
    first = next((each.name for each in victim.incident.suspects), "") if victim.incident is not None else ""
    if victim.targets and first not in victim.targets:
        found.append("first suspect")
    if right_and_wrong(victim)[1]:
        found.append("accusation")
    if victim.targets and not any(each.accused & victim.targets for each in victim.incidents):
        found.append("nobody accused")
    if is_late(case, victim):
        found.append("late")
    return ", ".join(found)


def _row(case: CaseResult, victim: VictimResult, why: str) -> tuple[str, ...]:
    truth = victim.truth
    shares = sorted(truth.shares.items(), key=lambda pair: -pair[1])
    blame = ", ".join(f"{name} {part:.2f}" for name, part in shares[:3] if part > 0)
    begin = "" if truth.first_affected_at is None else f" from {truth.first_affected_at:.0f}"
    begin += "" if truth.twentieth_affected_at is None else f", 20th {truth.twentieth_affected_at:.0f}"
    right = f"{victim.right_verdict}{begin}, p95 ×{truth.p95_ratio:.2f}, step {case.step} s; {blame}"
    return case.kind, str(case.seed), why, right, "; ".join(_said(victim.incidents)) or "no incident"


def _said(incidents: Iterable[IncidentSeen]) -> list[str]:
    return [
        f"{each.verdict} ({', '.join(each.reasons)}) from {each.started_at:.0f} seen {each.detected_at:.0f}"
        f"{'' if each.of_event else ' NOT OF EVENT'}: {_suspects(each)}"
        for each in incidents
    ]


def _suspects(incident: IncidentSeen) -> str:
    """Confidence/share of the first at the newest look, `!` where it accuses, and whom only an earlier look accused."""
    named = [f"{s.name} {s.confidence:.2f}/{s.share:.2f}{'!' if s.accused else ''}" for s in incident.suspects[:3]]
    before = sorted(incident.accused - {s.name for s in incident.suspects if s.accused})
    return ", ".join([*named, *(f"{name} accused before" for name in before)])
