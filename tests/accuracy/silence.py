"""`python -m tests.accuracy.silence`: how often work that stops is found, and what opens where it did not fail.

Every kind of case is judged four times with the gauges of requests taken away: as it is; with the victim's counters
standing still from the event on, before a late first token is counted; with its target gone from there on; all of these
without I/O pressure, so that silence is all there is to go by, and the last once more with it. Where there is no event
it is an arbitrary moment. Only incidents that say `work_stopped` are counted. Right is one that accuses a culprit, of
whom there are none in cases without contention.
"""

import argparse
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.evaluate import evaluate_unwatched
from tests.accuracy.moments import judged_span
from tests.accuracy.ours import run
from tests.accuracy.records import name_of
from tests.accuracy.results import UNATTRIBUTED
from tests.accuracy.run import all_kinds
from tests.simulator.case import Case, Floats, Rows, Telemetry
from tests.simulator.simulate import simulate

FIRST_SEED = 7_000
"""Seeds below 10,000 judge nothing that the report tells."""

COUNTED = ("ttft_bucket", "ttft_sum", "ttft_count", "requests_finished", "prompt_tokens")
GAUGES = ("requests_waiting", "requests_running")
PRESSURE = ("pod_io_waiting", "pod_io_stalled")
GONE = (*COUNTED, "ttft_heartbeat")
STEP = 15

Change = Callable[[Telemetry, Case, int], Telemetry]


@dataclass(slots=True)
class Tally:
    """Of so many cases, in how many something opened, and in how many of these a culprit was accused."""

    cases: int = 0
    opened: int = 0
    right: int = 0


def as_it_is(telemetry: Telemetry, case: Case, column: int) -> Telemetry:
    """Nothing more is changed."""
    del case, column
    return telemetry


def stopped(telemetry: Telemetry, case: Case, column: int) -> Telemetry:
    """The victim's counters stand still from a column on."""

    def still(values: Floats) -> Floats:
        values[:, column:] = values[:, column - 1 : column]
        return values

    return _changed(telemetry, COUNTED, case, still)


def vanished(telemetry: Telemetry, case: Case, column: int) -> Telemetry:
    """The victim's target is gone from a column on."""

    def gone(values: Floats) -> Floats:
        values[:, column:] = np.nan
        return values

    return _changed(telemetry, GONE, case, gone)


WAYS: Mapping[str, tuple[Change, tuple[str, ...]]] = {
    "as it is": (as_it_is, (*GAUGES, *PRESSURE)),
    "counters stand still": (stopped, (*GAUGES, *PRESSURE)),
    "target is gone": (vanished, (*GAUGES, *PRESSURE)),
    "target is gone, pressure known": (vanished, GAUGES),
}
"""What is done to a case, and the signals that are not known in it."""


def _changed(telemetry: Telemetry, names: tuple[str, ...], case: Case, change: Callable[[Floats], Floats]) -> Telemetry:
    signals = dict(telemetry.signals)
    counted = telemetry.signals["ttft_count"].labels
    instances = {one["instance"] for one in counted if one["pod"] == case.victim.pod}
    for name in names:
        rows = signals[name]
        mine = [row for row, labels in enumerate(rows.labels) if labels.get("instance") in instances]
        values = rows.values.copy()
        values[mine] = change(values[mine])
        signals[name] = Rows(rows.labels, values)
    return replace(telemetry, signals=signals)


def without(telemetry: Telemetry, unknown: tuple[str, ...]) -> Telemetry:
    """Without some signals."""
    return replace(telemetry, signals={name: r for name, r in telemetry.signals.items() if name not in unknown})


def column_of(case: Case) -> int:
    """Where work stops: with the event, or anywhere after the first third."""
    telemetry, begins = case.telemetry, case.victim.event_start_at
    if begins is None:
        rng = np.random.default_rng([case.seed, zlib.crc32(case.kind.encode())])
        return int(rng.integers(telemetry.count // 3, telemetry.count - 60))
    return int((begins - telemetry.start) // telemetry.step) + 1


def judge(case: Case, change: Change, unknown: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether an incident says that work stopped, and whether it accuses a culprit."""
    column = column_of(case)
    changed = replace(case, telemetry=change(without(case.telemetry, unknown), case, column))
    done = run(changed, judged_span(case, STEP), STEP, evaluate_unwatched)
    told = [one for each in done.findings.values() for one in each if "work_stopped" in one.reasons]
    accused = {name_of(suspect) for one in told for suspect in one.suspects if suspect.accused}
    culprits = set(case.victim.culprits) or ({UNATTRIBUTED} if case.family == "contention" else set())
    return bool(told), bool(accused & culprits)


def main(arguments: list[str] | None = None) -> int:
    """Print a table by family of cases; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.silence", description=__doc__)
    parser.add_argument("--cases-per-kind", type=int, default=2)
    parser.add_argument("--kinds", nargs="*")
    options = parser.parse_args(arguments)
    tallies: dict[tuple[str, str], Tally] = {}
    for kind in options.kinds or all_kinds():
        for seed in range(FIRST_SEED, FIRST_SEED + options.cases_per_kind):
            case = simulate(kind, seed, STEP)
            for words, (change, unknown) in WAYS.items():
                tally = tallies.setdefault((case.family, words), Tally())
                opened, right = judge(case, change, unknown)
                tally.cases += 1
                tally.opened += opened
                tally.right += right
                if opened and not right:
                    sys.stderr.write(f"{kind} {seed}: {words}: opened, no culprit accused\n")
    lines = ["| family | the victim | cases | opened | with a culprit accused |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {family} | {words} | {tally.cases} | {tally.opened} | {tally.right} |"
        for (family, words), tally in sorted(tallies.items())
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
