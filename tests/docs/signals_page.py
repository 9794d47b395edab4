"""The page of signals, written from the catalogue: `python -m tests.docs.signals_page > docs/signals.md`."""

import re
from collections.abc import Sequence

from correlator.catalog import load
from correlator.model.signal import Measured, Signal, State

HEAD = """# Signals and where they come from

What is measured, and who supplies it. The catalogue is data: a YAML file for each exporter in `correlator/catalog/`.
A directory of your own (`catalog.directories`) adds suppliers, or replaces those of the same exporter and signal; what
a file may say stands in `correlator/catalog/__init__.py`. A query that is not PromQL, or that yields other labels than
its row promises, stops the start with file and line. `correlator check` says which of all this your Prometheus has;
only that is asked for.

Several suppliers of one signal come together, each scrape target once: a server before what stands in for it before a
gateway; a classic histogram before a native one. A gateway's first tokens are those of the model servers behind it.
Where one of these is scraped itself, the gateway's row of the same model gives way; otherwise the gateway is the
victim, and its incidents say so. What stands in for a signal that a server lacks is named in its incidents as well.

Native histograms, also with custom buckets, are read at fixed bounds (`correlator/sources/histograms.py`): exactly
where a bound is one of their own, by interpolation otherwise.
"""

STATES = {
    State.TESTED: "tested on the exporter",
    State.DOCUMENTED: "tested on its documented text",
    State.UNCONFIRMED: "unconfirmed",
}
MEASURED = {Measured.SERVER: "", Measured.STAND_IN: ", stand-in", Measured.GATEWAY: ", at the gateway"}


def page() -> str:
    """The whole page as Markdown."""
    exporters: dict[str, list[Signal]] = {}
    for signal in load():
        exporters.setdefault(signal.exporter, []).append(signal)
    return HEAD + "".join(_section(exporters[name]) for name in sorted(exporters, key=str.lower))


def _section(signals: Sequence[Signal]) -> str:
    by_name: dict[str, list[Signal]] = {}
    for signal in signals:
        by_name.setdefault(signal.name, []).append(signal)
    hints = {signal.hint: None for signal in signals}
    notes = {signal.note: None for signal in signals if signal.note}
    told = [f"To have it: {'; or '.join(hints)}.", *(f"{note[0].upper()}{note[1:]}." for note in notes)]
    rows = "".join(_row(several) for several in by_name.values())
    return (
        f"\n## {signals[0].exporter}\n\n{' '.join(told)}\n\n"
        f"| signal | unit | metric | state |\n| --- | --- | --- | --- |\n{rows}"
    )


def _row(several: Sequence[Signal]) -> str:
    first = several[0]
    metrics = [_spelled(metric) for signal in several for metric in signal.metrics]
    listed = ", ".join(f"`{metric}`" for metric in dict.fromkeys(metrics))
    name = f"`{first.name}`{' (required)' if first.required else ''}"
    return f"| {name} | {first.unit} | {listed} | {STATES[first.state]}{MEASURED[first.measured]} |\n"


def _spelled(metric: str) -> str:
    """A regular expression for people: without the escapes of what needs none, and fit for a table."""
    return re.sub(r"\\(.)", r"\1", metric).replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - its one purpose
