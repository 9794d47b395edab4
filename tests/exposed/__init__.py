"""What exporters expose, in their own words with values of our own, and a Prometheus that has scraped it."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_SERIES = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")


def scraped(exporter: str, target: Mapping[str, str], times: Iterable[int]) -> list[tuple[str, str]]:
    """The samples of an exporter's text as OpenMetrics lines, each with its metric's name: at all times the same.

    The target's labels are added; where the exporter says one itself, it becomes `exported_…`, as Prometheus has it.
    """
    text = (Path(__file__).parent / f"{exporter}.prom").read_text()
    found = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = _SERIES.fullmatch(line)
            assert match, f"{exporter}.prom: no sample: {line}"
            labels = _labelled(match["labels"] or "", target)
            found += [(match["name"], f"{match['name']}{{{labels}}} {match['value']} {at}") for at in times]
    return found


def openmetrics(samples: Iterable[tuple[str, str]]) -> str:
    """One text of all samples: those of one metric together, as the format wants it."""
    by_name: dict[str, list[str]] = {}
    for name, line in samples:
        by_name.setdefault(name, []).append(line)
    return "\n".join([*(line for lines in by_name.values() for line in lines), "# EOF\n"])


def _labelled(own: str, target: Mapping[str, str]) -> str:
    names = set(re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="', own))
    for name in names & target.keys():
        own = re.sub(rf'(?<![a-zA-Z0-9_]){name}="', f'exported_{name}="', own)
    return ",".join(part for part in (own, *(f'{name}="{value}"' for name, value in target.items())) if part)
