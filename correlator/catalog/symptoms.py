"""The `symptoms` of catalogue files: what may get worse about a pod beside its first tokens.

Each has `name`, `quantity` and `things` (its words: the time of what, and what is counted), `form`, the signals that
the form asks for, and when it matters:

    histogram    bucket, total, count      durations
    mean         total, count              seconds spent, and what was done in them
    share        total, count              what failed, and all that was done
    throughput   count, inside, rate       what was done, and how many were inside; rate: what the throughput is called

`waiting` and `finished` tell of its load where they are known. `relies_on` is reads (default), writes or both: the
pod's own operations that it waits for. A rise below `ratio` (1.5) or `floor` (5ms; for a share 1%) is none.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import yaml

from correlator.catalog.loader import files_of, load
from correlator.catalog.nodes import Entry, parse
from correlator.catalog.rows import FILE_KEYS, FILE_OPTIONAL, FILE_SYMPTOMS
from correlator.model.signal import Kind, Signal
from correlator.model.symptom import TTFT, Dependence, Form, Symptom

_Signals: TypeAlias = Mapping[str, Signal]

_REQUIRED = ("name", "form", "quantity", "things", "count")
_ASKED = {
    Form.HISTOGRAM: ("bucket", "total"),
    Form.MEAN: ("total",),
    Form.SHARE: ("total",),
    Form.THROUGHPUT: ("inside", "rate"),
}
_KINDS = {
    "bucket": Kind.COUNTER,
    "total": Kind.COUNTER,
    "count": Kind.COUNTER,
    "inside": Kind.GAUGE,
    "waiting": Kind.GAUGE,
    "finished": Kind.COUNTER,
}
_OPTIONAL = ("bucket", "total", "inside", "waiting", "finished", "rate", "relies_on", "ratio", "floor")
_FLOOR = re.compile(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s|%)")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "%": 1e-2}


def load_symptoms(directories: Sequence[Path] = ()) -> tuple[Symptom, ...]:
    """All symptoms but first tokens, those of each directory in turn taking the place of earlier ones of their name.

    Raises CatalogueError, which names file, line and key, on whatever is no catalogue or no symptom.
    """
    signals = {signal.name: signal for signal in load(directories)}
    found: dict[str, Symptom] = {}
    for files in files_of(directories):
        layer: dict[str, Symptom] = {}
        for name, text in files:
            fields = parse(text, name).fields(FILE_KEYS, (*FILE_OPTIONAL, FILE_SYMPTOMS))
            for item in fields[FILE_SYMPTOMS].items() if FILE_SYMPTOMS in fields else ():
                symptom = _symptom(item, signals)
                if symptom.name in layer or symptom.name == TTFT.name:
                    raise item.error(f"{symptom.name!r} is already a symptom")
                layer[symptom.name] = symptom
        found |= layer
    return tuple(found.values())


def _symptom(item: Entry, signals: _Signals) -> Symptom:
    fields = item.fields(_REQUIRED, _OPTIONAL)
    form = fields["form"].choice(Form)
    for key in _ASKED[form]:
        if key not in fields:
            raise item.error(f"a {form} asks for {key}")
    named = {key: _signal(fields[key], kind, signals) for key, kind in _KINDS.items() if key in fields}
    if "bucket" in named and "le" not in named["bucket"].labels:
        raise fields["bucket"].error("a signal of buckets has the label `le`")
    return Symptom(
        name=fields["name"].name(),
        form=form,
        quantity=fields["quantity"].text(),
        things=fields["things"].text(),
        heartbeat=named["count"].heartbeat,
        rate=fields["rate"].text() if "rate" in fields else "",
        relies_on=fields["relies_on"].choice(Dependence) if "relies_on" in fields else Dependence.READS,
        ratio=_ratio(fields["ratio"]) if "ratio" in fields else 1.5,
        floor=_floor(fields.get("floor"), form),
        count=named["count"].name,
        bucket=_name(named, "bucket"),
        total=_name(named, "total"),
        inside=_name(named, "inside"),
        waiting=_name(named, "waiting"),
        finished=_name(named, "finished"),
    )


def _name(named: _Signals, key: str) -> str:
    return named[key].name if key in named else ""


def _signal(entry: Entry, kind: Kind, signals: _Signals) -> Signal:
    found = signals.get(entry.name())
    if found is None:
        raise entry.error(f"{entry.name()!r} is no signal of the catalogue")
    if found.kind is not kind:
        raise entry.error(f"{found.name!r} is a {found.kind}, expected a {kind}")
    return found


def _ratio(entry: Entry) -> float:
    value = yaml.safe_load(entry.node.value) if isinstance(entry.node, yaml.ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1.0 < value < float("inf"):
        raise entry.error("expected a number above 1, such as 1.5")
    return float(value)


def _floor(entry: Entry | None, form: Form) -> float:
    usual = "1%" if form is Form.SHARE else "5ms"
    found = _FLOOR.fullmatch(usual if entry is None else entry.text())
    if entry is not None and (found is None or float(found[1]) <= 0 or (found[2] == "%") is not (form is Form.SHARE)):
        raise entry.error(f"expected a {'part' if form is Form.SHARE else 'duration'} such as {usual}")
    return float(found[1]) * _UNITS[found[2]] if found else 0.0
