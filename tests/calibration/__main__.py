"""`python -m tests.calibration`: judge cases for fitting, fit the confidence model, write it with its provenance."""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core for each worker; numpy reads it when it is first imported

import numpy as np
import pandas as pd

import correlator.calibration
from tests.accuracy.pool import each_of
from tests.accuracy.quiet_days import judge_stretch, stretches
from tests.accuracy.records import RecordFile, record_file
from tests.accuracy.results import CaseResult, Failure
from tests.accuracy.run import Task, all_kinds, judge_all, lab_kinds, tasks
from tests.accuracy.split import seeds
from tests.calibration.fit import Fitted, Samples, fit
from tests.calibration.given import given_records
from tests.calibration.looks import chain_samples, culprit_samples, read_records
from tests.simulator.kinds import KINDS

CASES_PER_KIND = 10
"""Of these few features a few hundred cases tell all there is to learn."""

CASES_PER_NULL = 30
QUIET_DAYS = 200.0
"""Where nobody is to be accused it hardly ever comes to asking who did it: more of these, to see some that do."""

BUILD = Path(__file__).parents[2] / "build" / "calibration"
OUTPUT = Path(correlator.calibration.__file__).with_name("confidence.json")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: written; 1: a case crashed."""
    options = _parser().parse_args(arguments)
    paths, crashed = list(options.records), False
    if not paths:
        paths = [BUILD / "simulated.csv.gz", BUILD / "lab.csv.gz"]
        with record_file(paths[0]) as records:
            crashed |= bool(judge_all(simulated(options.cases_per_kind), options.workers, records).failures)
            crashed |= _judge_quiet_days(options.workers, records)
        with record_file(paths[1]) as records:
            crashed |= bool(judge_all(tasks(lab_kinds(), 1, "tuning"), options.workers, records).failures)
    looks = read_records(paths)
    if options.feedback is not None:
        looks = given_records(looks, options.feedback)
    chain, culprit = chain_samples(looks), culprit_samples(looks)
    models = {"chain": (chain, fit(chain)), "culprit": (culprit, fit(culprit))}
    last = seeds("tuning", max(options.cases_per_kind, CASES_PER_NULL) - 1)[-1]
    content = {
        "format": 1,
        **{name: _written(samples, fitted) for name, (samples, fitted) in models.items()},
        "provenance": {
            "command": "make calibrate",
            "date": f"{datetime.now(UTC):%F}",
            "cases": _described(looks),
            "seeds": f"{seeds('tuning', 0)[0]} to {last}",
            "feedback": "none" if options.feedback is None else str(options.feedback),
            **{name: _quality(samples, fitted) for name, (samples, fitted) in models.items()},
        },
    }
    options.output.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(content, indent=2) + "\n")
    return int(crashed)


def simulated(cases_per_kind: int) -> list[Task]:
    """Cases of every kind, and more of those in which nobody did it."""
    nulls = [name for name, kind in KINDS.items() if kind.family in ("hard_null", "quiet")]
    return tasks(all_kinds(), cases_per_kind, "tuning") + [
        task for task in tasks(nulls, CASES_PER_NULL, "tuning") if task.slot >= cases_per_kind
    ]


def _judge_quiet_days(workers: int, records: RecordFile) -> bool:
    """Whether one crashed."""
    crashed = False
    for outcome in each_of(judge_stretch, stretches(QUIET_DAYS, "tuning"), workers, "quiet days"):
        records.write(outcome.records if isinstance(outcome, CaseResult) else ())
        crashed |= isinstance(outcome, Failure)
    return crashed


def _described(looks: pd.DataFrame) -> str:
    cases = len(looks[["kind", "seed"]].drop_duplicates())
    return f"{cases} cases of {looks['kind'].nunique()} kinds, all that came to ask who did it"


def _written(samples: Samples, fitted: Fitted) -> dict[str, object]:
    weights = {name: round(float(weight), 4) for name, weight in zip(samples.names, fitted.weights, strict=True)}
    return {"intercept": round(fitted.intercept, 4), "weights": weights}


def _quality(samples: Samples, fitted: Fitted) -> dict[str, object]:
    """On what it was fitted on: how well it does on others stands in the accuracy report."""
    probability = fitted.probability(samples.features)
    return {
        "samples": len(samples.labels),
        "positive": int(samples.labels.sum()),
        "brier": round(float(np.average((probability - samples.labels) ** 2, weights=samples.weights)), 4),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    parser.add_argument("--cases-per-kind", type=int, default=CASES_PER_KIND)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--records", type=Path, nargs="+", default=[], help="fit on these records, judge nothing anew")
    parser.add_argument("--feedback", type=Path, help="incidents with feedback: an answer of `GET /api/v1/incidents`")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    return parser


if __name__ == "__main__":
    sys.exit(main())
