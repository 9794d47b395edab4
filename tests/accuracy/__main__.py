"""`python -m tests.accuracy`: judge simulated cases and print how well every method does."""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core for each worker; numpy reads it when it is first imported

from tests.accuracy import mistakes, report
from tests.accuracy.calibration import judgements
from tests.accuracy.diagram import write_diagram
from tests.accuracy.outcomes import Outcomes, victims_in
from tests.accuracy.page import PICTURE, ROOT, provenance, write_part
from tests.accuracy.records import record_file
from tests.accuracy.run import all_kinds, judge_all, lab_kinds, tasks
from tests.accuracy.split import CASES_PER_KIND, seeds

RECORDS = ROOT / "build" / "accuracy"
QUICK_CASES = 3


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: done, whatever the figures; 1: a case crashed."""
    options = _parser().parse_args(arguments)
    kinds = lab_kinds() if options.lab else options.kinds or all_kinds()
    count = QUICK_CASES if options.quick else options.cases_per_kind
    where = options.records or RECORDS / f"records-{'lab' if options.lab else options.split}.csv.gz"
    with record_file(where) as records:
        outcomes = judge_all(tasks(kinds, count, options.split), options.workers, records)
    found = [*_provenance(options, count, outcomes), *(report.of_lab if options.lab else report.lines)(outcomes)]
    sys.stdout.write("\n".join(found) + "\n")
    if options.mistakes is not None:
        options.mistakes.write_text("\n".join(mistakes.lines(outcomes)) + "\n", encoding="utf-8")
    if options.page:
        write_part("lab" if options.lab else "simulated", found)
    if options.page and not options.lab:
        write_diagram(PICTURE, judgements(victims_in(outcomes.cases)))
    return 1 if outcomes.failures else 0


def _provenance(options: argparse.Namespace, count: int, outcomes: Outcomes) -> list[str]:
    if options.lab:
        return provenance("python -m tests.accuracy --lab", f"{len(outcomes.cases)} recordings")
    first, last = seeds(options.split, 0)[0], seeds(options.split, count - 1)[-1]
    return provenance(
        f"python -m tests.accuracy --split {options.split}",
        f"{len(outcomes.cases)} cases of {len(outcomes.kinds)} kinds",
        f"seeds {first} to {last}, {sum(case.tried for case in outcomes.cases)} simulated until each kind had {count} "
        "whose impact is as claimed",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="all that can be simulated, unless given")
    parser.add_argument("--lab", action="store_true", help="judge the lab's recordings instead of simulated cases")
    parser.add_argument("--cases-per-kind", type=int, default=CASES_PER_KIND)
    parser.add_argument("--split", choices=("tuning", "report"), default="tuning", help="which seeds; tuning")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_CASES} cases of each kind")
    parser.add_argument("--page", action="store_true", help="write the figures into docs/decisions/accuracy.md")
    parser.add_argument("--records", type=Path, help="where features of suspects go; build/accuracy unless given")
    parser.add_argument("--mistakes", type=Path, help="where the list of our mistakes goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
