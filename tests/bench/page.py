"""How soon the page can be used, and how much it loads: `python -m tests.bench.page`.

A first visit to each page in a real Chromium, nothing cached, over loopback; a cluster of 1,000 inference pods and
4,000 volumes, 20 open incidents with one cause, 500 past ones. Until the charts are drawn and every button works.
"""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import machine
from tests.integration.page.looking import LOADED_BYTES, chromium, looking, serving
from tests.integration.page.states import EPISODE, INCIDENT, one_cause
from tests.snapshots import make_snapshot, make_victim_now, make_volume_now
from tests.unit.web.fakes import make_state

VICTIMS, VOLUMES, OPEN, PAST, VISITS = 1000, 4000, 20, 500, 7
PATHS: Mapping[str, str] = {"overview": "/", "incident": INCIDENT, f"episode of {OPEN} victims": EPISODE}
MOST_SECONDS, MOST_BYTES = 1.0, 300_000
INTERACTIVE = "performance.getEntriesByName('interactive')[0].startTime"


def measured() -> dict[str, Any]:
    """Seconds from the click to an interactive page, and bytes over all requests, of each page."""
    snapshot = make_snapshot(
        victims=tuple(make_victim_now(pod=f"vllm-{rank}", regressed_since=None) for rank in range(VICTIMS)),
        volumes=tuple(make_volume_now(id=f"v{rank}", name=f"n{rank // 4}/nvme{rank % 4}n1") for rank in range(VOLUMES)),
    )
    found = {}
    state = make_state(incidents=one_cause(OPEN, PAST), snapshot=snapshot)
    with TemporaryDirectory() as home, serving(state) as address, chromium(Path(home)) as browser:
        for name, path in PATHS.items():
            seconds, loaded = [], 0
            for _ in range(VISITS + 1):
                with looking(browser, address, path) as look:
                    seconds.append(look.page.evaluate(INTERACTIVE) / 1000)
                    loaded = look.page.evaluate(LOADED_BYTES)
            found[name] = {"seconds": seconds[1:], "bytes": loaded}  # the first one starts the browser's processes
    return found


def table(found: Mapping[str, Any]) -> Table:
    """The figures with what is promised."""
    size = f"{VICTIMS:,} victims, {VOLUMES:,} volumes, {OPEN} open incidents, Chromium over loopback"
    shown = Table("page", "interactive after: median", "least", "most", "visits", "loaded", title=size)
    for name, figures in found.items():
        seconds = figures["seconds"]
        cells = (f"{each * 1000:,.0f} ms" for each in (median(seconds), min(seconds), max(seconds)))
        shown.add_row(name, *cells, f"{len(seconds)}", f"{figures['bytes'] / 1000:,.0f} kB")
    shown.add_row("promised", f"≤ {MOST_SECONDS * 1000:,.0f} ms", "", "", "", f"≤ {MOST_BYTES / 1000:.0f} kB")
    return shown


def main() -> None:
    """Measure, then print."""
    console = Console(width=130)
    console.print(machine.described(), highlight=False)
    console.print(table(measured()))


if __name__ == "__main__":
    main()
