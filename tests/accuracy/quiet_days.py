"""`python -m tests.accuracy.quiet_days`: days on which nothing happens, and what our engine says all the same."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core for each worker; numpy reads it when it is first imported

from correlator.analysis.evaluate import evaluate_unwatched
from tests.accuracy.accusing import SECONDS_OF_DAY, on_nulls
from tests.accuracy.judging import Outcome, judge_slot
from tests.accuracy.moments import REFERENCE_STEPS
from tests.accuracy.outcomes import Outcomes, victims_in
from tests.accuracy.page import provenance, write_part
from tests.accuracy.pool import each_of
from tests.accuracy.split import Split, seeds
from tests.accuracy.tables import number, table
from tests.simulator.quiet import quiet

VICTIMS, HOURS, STEP = 12, 24.0, 60
FINE_EVERY, FINE_HOURS, FINE_STEP = 8, 6.0, 15
"""Every so many-th stretch has fine steps."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some hours of some victims; the first of the seeds in whose stretch storage hurt nobody is judged."""

    tried: Sequence[int]
    hours: float
    step: int

    @property
    def victim_days(self) -> float:
        """How much of it is judged."""
        return VICTIMS * (self.hours * 3600.0 - REFERENCE_STEPS * self.step) / SECONDS_OF_DAY


def stretches(days: float, split: Split) -> list[Stretch]:
    """Enough of them for so many victim-days."""
    found: list[Stretch] = []
    while sum(each.victim_days for each in found) < days:
        is_fine = len(found) % FINE_EVERY == FINE_EVERY - 1
        hours, step = (FINE_HOURS, FINE_STEP) if is_fine else (HOURS, STEP)
        found.append(Stretch(seeds(split, len(found)), hours, step))
    return found


def judge_stretch(stretch: Stretch) -> Outcome:
    """Simulate and judge one."""
    return judge_slot(
        "quiet days",
        stretch.tried,
        lambda _, seed: quiet(seed, VICTIMS, stretch.step, stretch.hours),
        evaluate_unwatched,
    )


def lines(outcomes: Outcomes) -> list[str]:
    """The report, Markdown."""
    found = on_nulls(outcomes.cases)
    incidents = [each for victim in victims_in(outcomes.cases) for each in victim.incidents]
    verdicts = Counter(each.verdict for each in incidents)
    rejected = sum(case.tried - 1 for case in outcomes.cases) + sum(len(each.seeds) for each in outcomes.not_validated)
    told = [
        f"- accused in seed {case.seed}: {', '.join(sorted(incident.accused))} ({incident.verdict})"
        for case in outcomes.cases
        for victim in case.victims
        for incident in victim.incidents
        if incident.accused
    ]
    rows = [
        ("victim-days judged", number(found.victim_days, 0)),
        ("steps judged, all victims", f"{sum(case.steps_judged * len(case.victims) for case in outcomes.cases):,}"),
        ("accusations (promised: 0)", str(found.accusations)),
        *((f"incidents: {verdict}", str(count)) for verdict, count in sorted(verdicts.items())),
        ("incidents a victim-day", number(len(incidents) / max(found.victim_days, 1e-9), 4)),
        ("stretches that crashed", str(len(outcomes.failures))),
        ("seeds whose stretch did not count, since storage hurt somebody", str(rejected)),
    ]
    crashed = [f"- seed {each.seed}: {each.error.splitlines()[-1]}" for each in outcomes.failures]
    return [*table(("figure", "measured"), rows), "", *told, *crashed]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: nobody was accused; 1: somebody was, or a stretch crashed."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.quiet_days", description=__doc__)
    parser.add_argument("--days", type=float, default=3000.0, help="victim-days")
    parser.add_argument("--split", choices=("tuning", "report"), default="tuning")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--page", action="store_true", help="write the figures into docs/decisions/accuracy.md")
    options = parser.parse_args(arguments)
    work = stretches(options.days, options.split)
    outcomes = Outcomes.of(each_of(judge_stretch, work, options.workers, "quiet days"))
    report = lines(outcomes)
    sys.stdout.write("\n".join(report) + "\n")
    if options.page:
        facts = f"{len(work)} stretches of {VICTIMS} victims, seeds {work[0].tried[0]} to {work[-1].tried[-1]}"
        write_part("quiet", [*provenance("python -m tests.accuracy.quiet_days", facts), *report])
    return 1 if outcomes.failures or on_nulls(outcomes.cases).accusations else 0


if __name__ == "__main__":
    sys.exit(main())
