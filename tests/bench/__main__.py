"""All figures, one after the other: `python -m tests.bench`."""

from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import alerts_proxy, answers, budget, grafana, history, kubernetes, machine, page
from tests.bench.cluster import Shape

WAYS = {
    "bare": "bare fetch + orjson decode",
    "source": "our source, to frames",
    "data_frame": "prometheus-api-client, MetricRangeDataFrame",
}


def main() -> None:
    """Measure, then print."""
    console = Console(width=130)
    console.print(f"{machine.described()}; everything that is measured runs on one core", highlight=False)
    with machine.serving(Shape()) as url:
        with console.status("one cycle"):
            cycle = machine.measure("cycle", url)
        with console.status("fetching"):
            fetching = machine.measure("fetching", url)
    with machine.serving(budget.LARGE) as url, console.status("budget"):
        traffic = machine.measure("budget", url)
    with console.status("suspects"):
        suspects = machine.measure("suspects")
    with kubernetes.serving() as api, console.status("150,000 pods"):
        followed = machine.measure("kubernetes", api)
    with console.status("Grafana"):
        asked = machine.measure("grafana", "measure")
    with console.status("a day of series"):
        kept = machine.measure("history")
    with console.status("100,000 incidents"):
        answered = machine.measure("answers")
    with console.status("page"):
        opened = page.measured()
    with console.status("alerts on their way"):
        passed = alerts_proxy.measured()
    shape = Shape()
    size = f"{shape.victims:,} victims, {shape.volumes:,} volumes, an hour's window"
    table = Table("figure", "core busy: median", "least", "most", "by the clock: median", "runs", title=size)
    table.add_row("evaluation of a quiet cycle", *_cells(cycle["quiet"]))
    table.add_row(f"evaluation while {shape.slowed} victims get slower", *_cells(cycle["slow"]))
    table.add_row("joining its topology, when it changed", *_cells(cycle["joining"]))
    table.add_row("fetching one cycle (our source)", *_cells(cycle["fetching"]))
    for crowd in suspects["crowds"]:
        table.add_row(f"finding with {crowd['pods']} suspects ({crowd['listed']} listed)", *_cells(crowd["finding"]))
        table.add_row("the same without p-values and ranks", *_cells(crowd["finding_without_surrogates"]))
        table.add_row("the same with three days of those who added most", *_cells(crowd["finding_with_days"]))
    console.print(table)
    memory = f"{cycle['resident_mebibytes']:.0f} MiB at the end, {cycle['most_mebibytes']:.0f} MiB at most"
    console.print(
        f"resident memory of the evaluating process: {memory}; findings: {cycle['findings']}", highlight=False
    )
    for name, title in (("step", "one step of all signals"), ("hour", "an hour of three signals of each victim")):
        console.print(_compared(fetching[name], title))
    budget.show(console, traffic)
    console.print(kubernetes.shown(followed))
    console.print(grafana.table(asked))
    history.show(console, kept)
    answers.show(console, answered)
    console.print(page.table(opened))
    console.print(alerts_proxy.table(passed))


def _cells(spread: dict[str, float]) -> list[str]:
    """One row of figures, in milliseconds."""
    names = ("busy_median", "busy_min", "busy_max", "wall_median")
    return [*(f"{spread[name] * 1000:,.0f} ms" for name in names), f"{spread['runs']:.0f}"]


def _compared(figures: dict[str, Any], title: str) -> Table:
    """The three ways to fetch the same answers, and their ratio to the bare one."""
    table = Table("way", "core busy: median", "least", "most", "by the clock: median", "runs", "to bare")
    table.title = f"{title}: {figures['bytes'] / 1e6:.1f} MB of answers"
    for way, words in WAYS.items():
        ratio = figures[way]["busy_median"] / figures["bare"]["busy_median"]
        table.add_row(words, *_cells(figures[way]), f"× {ratio:.2f}")
    return table


if __name__ == "__main__":
    main()
