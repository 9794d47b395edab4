"""`python -m tests.accuracy`: judge simulated cases and print how well every method does."""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core for each worker; numpy reads it when it is first imported

from tests.accuracy import mistakes, report
from tests.accuracy.records import write_records
from tests.accuracy.run import all_kinds, judge_all, tasks
from tests.accuracy.split import CASES_PER_KIND

BUILD = Path(__file__).parents[2] / "build" / "accuracy"
QUICK_CASES = 3


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: done, whatever the figures; 1: a case crashed."""
    options = _parser().parse_args(arguments)
    count = QUICK_CASES if options.quick else options.cases_per_kind
    outcomes = judge_all(tasks(options.kinds or all_kinds(), count, options.split), options.workers)
    sys.stdout.write("\n".join(report.lines(outcomes)) + "\n")
    records = [record for case in outcomes.cases for record in case.records]
    write_records(options.records, records)
    if options.mistakes is not None:
        options.mistakes.write_text("\n".join(mistakes.lines(outcomes)) + "\n", encoding="utf-8")
    return 1 if outcomes.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="all that can be simulated, unless given")
    parser.add_argument("--cases-per-kind", type=int, default=CASES_PER_KIND)
    parser.add_argument("--split", choices=("tuning", "report"), default="tuning")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_CASES} cases of each kind")
    parser.add_argument("--records", type=Path, default=BUILD / "records.csv", help="where features of suspects go")
    parser.add_argument("--mistakes", type=Path, help="where the list of our mistakes goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
