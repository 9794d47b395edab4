"""`python -m tests.lab`: run a scenario, serve a kept run again, list the scenarios, clean up after a crash."""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.run import DEFAULT_BASE, clean, record, running_lab
from tests.lab.scenarios import SCENARIOS
from tests.lab.servers import served_again

RUNS = Path(tempfile.gettempdir()) / "contention-lab-runs"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: done; 1: the run did not show what its scenario claims; 2: the lab cannot run."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        return int(options.command(options))
    except LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 2


def _run(options: argparse.Namespace) -> int:
    out: Path = options.out or RUNS / f"{options.scenario}-{options.seed}-{time.strftime('%Y%m%dT%H%M%S')}"
    with running_lab(
        options.scenario, out, scrape_seconds=options.scrape, seed=options.seed, scale=options.scale, base=options.base
    ) as lab:
        record(lab, out, options.record_command)
        sys.stdout.write(f"{out}/truth.json: impact validated: {lab.truth['impact_validated']}\n")
        return 0 if lab.truth["impact_validated"] else 1


def _serve(options: argparse.Namespace) -> int:
    with served_again(options.directory, options.port) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0


def _list(_: argparse.Namespace) -> int:
    for scenario in SCENARIOS.values():
        sys.stdout.write(f"{scenario.name:32} {scenario.verdict or '-':16} {scenario.summary}\n")
    return 0


def _clean(options: argparse.Namespace) -> int:
    clean(options.base)
    return 0


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="run one scenario and keep its truth and its Prometheus data")
    run.add_argument("scenario", choices=sorted(SCENARIOS))
    run.add_argument(
        "--out", type=Path, metavar="DIR", help=f"directory of the run, new or empty (default: a new one below {RUNS})"
    )
    run.add_argument("--scrape", type=_seconds, default=1.0, metavar="1s", help="scrape interval")
    run.add_argument("--seed", type=int, default=1, metavar="N", help="names, arrivals and pages follow from it")
    run.add_argument(
        "--scale",
        type=float,
        default=None,
        metavar="S",
        help="factor on all phase lengths (default: by scrape interval)",
    )
    run.add_argument(
        "--base", type=Path, default=DEFAULT_BASE, metavar="DIR", help="directory on a local disk for the volumes"
    )
    run.add_argument(
        "--record-command",
        metavar="TEMPLATE",
        help="run while Prometheus is up; {url} {start} {end} {out} are filled in",
    )
    run.set_defaults(command=_run)
    serve = commands.add_parser("serve", help="serve the Prometheus data of a kept run")
    serve.add_argument("directory", type=Path)
    serve.add_argument("--port", type=int, default=0, help="loopback port (default: a free one)")
    serve.set_defaults(command=_serve)
    commands.add_parser("list", help="the scenarios").set_defaults(command=_list)
    tidy = commands.add_parser("clean", help="take away what a crashed run left behind")
    tidy.add_argument("--base", type=Path, default=DEFAULT_BASE, metavar="DIR")
    tidy.set_defaults(command=_clean)
    return parser


if __name__ == "__main__":
    sys.exit(main())
