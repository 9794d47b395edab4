"""One entry of a catalogue file, read and checked: a row, and one more where histograms may be native."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from correlator.catalog.nodes import Entry
from correlator.catalog.promql import QueryError, metrics_of, parsed, yielded
from correlator.model.signal import Aspect, Kind, Measured, Signal, State

FILE_KEYS = ("exporter", "hint", "heartbeat", "signals")
FILE_OPTIONAL = ("measured", "state", "note")
FILE_SYMPTOMS = "symptoms"
_REQUIRED = ("name", "unit", "kind", "aspect", "query", "labels")
_OPTIONAL = ("hint", "heartbeat", "required", "rename", "native", "exported_in", *FILE_OPTIONAL)
_UNITS = {
    "milliseconds": ("seconds", 1e-3),
    "microseconds": ("seconds", 1e-6),
    "nanoseconds": ("seconds", 1e-9),
    "percent": ("ratio", 1e-2),
    "kibibytes": ("bytes", 1024.0),
}
"""What exporters speak in: our unit, and what their numbers are multiplied with."""


@dataclass(frozen=True, slots=True)
class File:
    """What a file says for all of its signals."""

    exporter: str
    hint: str
    heartbeat: str
    measured: Measured
    state: State
    note: str

    @classmethod
    def of(cls, fields: Mapping[str, Entry]) -> "File":
        """From the keys of a file."""
        return cls(
            exporter=fields["exporter"].text(),
            hint=fields["hint"].text(),
            heartbeat=fields["heartbeat"].text(empty=True),
            measured=fields["measured"].choice(Measured) if "measured" in fields else Measured.SERVER,
            state=fields["state"].choice(State) if "state" in fields else State.UNCONFIRMED,
            note=fields["note"].text() if "note" in fields else "",
        )


def rows_of(item: Entry, file: File) -> list[Signal]:
    """The row of one entry; a second one asks for the same signal where its histogram is a native one."""
    fields = item.fields(_REQUIRED, _OPTIONAL)
    labels = _labels(fields["labels"])
    rename = _rename(fields["rename"], labels) if "rename" in fields else {}
    row = Signal(
        name=fields["name"].name(),
        unit=fields["unit"].text(),
        kind=fields["kind"].choice(Kind),
        aspect=fields["aspect"].choice(Aspect),
        query=fields["query"].text(),
        labels=labels,
        exporter=file.exporter,
        hint=fields["hint"].text() if "hint" in fields else file.hint,
        heartbeat=fields["heartbeat"].text(empty=True) if "heartbeat" in fields else file.heartbeat,
        required=fields["required"].truth() if "required" in fields else False,
        rename=tuple(rename.items()),
        factor=_factor(fields) if "exported_in" in fields else 1.0,
        metrics=_metrics(fields["query"], labels, rename),
        measured=fields["measured"].choice(Measured) if "measured" in fields else file.measured,
        state=fields["state"].choice(State) if "state" in fields else file.state,
        note=fields["note"].text() if "note" in fields else file.note,
    )
    if "native" not in fields:
        return [row]
    if "exported_in" in fields:
        raise fields["native"].error("native histograms are read in seconds alone")
    bare = [label for label in labels if label != "le"]  # its buckets have no labels: they are in each sample
    metrics = _metrics(fields["native"], bare, rename)
    return [row, replace(row, query=fields["native"].text(), metrics=metrics)]


def _labels(entry: Entry) -> tuple[str, ...]:
    labels = tuple(label.name() for label in entry.items())
    if len(set(labels)) < len(labels):
        raise entry.error("a label stands here twice")
    return labels


def _rename(entry: Entry, labels: Sequence[str]) -> dict[str, str]:
    """The exporter's name of some of the labels."""
    pairs = entry.pairs()
    for label, theirs in pairs.items():
        if label not in labels:
            raise theirs.error(f"{label!r} is none of the labels")
    return {label: theirs.name() for label, theirs in pairs.items()}


def _factor(fields: Mapping[str, Entry]) -> float:
    """What turns the exporter's numbers into ours: bounds of buckets are in seconds, values in the signal's unit."""
    entry = fields["exported_in"]
    unit = entry.text()
    if unit not in _UNITS:
        raise entry.error(f"{unit!r} is none of {', '.join(_UNITS)}")
    ours, factor = _UNITS[unit]
    wanted = "seconds" if "le" in _labels(fields["labels"]) else fields["unit"].text()
    if wanted != ours:
        raise entry.error(f"{unit} are no {wanted}")
    return factor


def _metrics(entry: Entry, labels: Sequence[str], rename: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the metrics of a query that is PromQL and yields exactly the labels, as the exporter names them."""
    try:
        tree = parsed(entry.text())
    except QueryError as error:
        raise entry.error(f"not PromQL: {error}") from error
    found, wanted = yielded(tree), {rename.get(label, label) for label in labels}
    if found is not None and found != wanted:
        surplus, lacking = ", ".join(sorted(found - wanted)), ", ".join(sorted(wanted - found))
        told = [f"yields {surplus}, which labels lack"] if surplus else []
        told += [f"does not yield {lacking}, which labels have"] if lacking else []
        raise entry.error(f"the query {' and '.join(told)}")
    return metrics_of(tree)
