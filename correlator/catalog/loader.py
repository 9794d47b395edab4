"""From YAML files to signals, checked: the bundled ones first, then each directory of the user's."""

from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TypeAlias

from correlator.catalog.nodes import CatalogueError, Entry, parse
from correlator.model.signal import Aspect, Kind, Signal

Catalogue: TypeAlias = tuple[Signal, ...]

_FILE_KEYS = ("exporter", "hint", "heartbeat", "signals")
_REQUIRED = ("name", "unit", "kind", "aspect", "query", "labels")
_OPTIONAL = ("hint", "heartbeat", "required")
_Located: TypeAlias = tuple[Entry, Signal]


def load(directories: Sequence[Path] = ()) -> Catalogue:
    """All signals: the bundled ones, changed and extended by the `*.yaml` files of each directory in turn.

    A signal with the name of an earlier one takes its place; two of one name in one directory are an error. Raises
    CatalogueError, which names file, line and key, on anything that is not a catalogue, and on a heartbeat that
    names no heartbeat signal.
    """
    located: dict[str, _Located] = _layer(_bundled())
    for directory in directories:
        located |= _layer(_files(directory))
    for at, signal in located.values():
        _check_heartbeat(at, signal, located)
    return tuple(signal for _, signal in located.values())


def _bundled() -> Iterator[tuple[str, str]]:
    folder = resources.files("correlator.catalog")
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.endswith(".yaml"):
            yield item.name, item.read_text(encoding="utf-8")


def _files(directory: Path) -> Iterator[tuple[str, str]]:
    try:
        paths = sorted(path for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})
        for path in paths:
            yield str(path), path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{directory}: cannot be read as a directory of catalogue files: {error}") from error


def _layer(files: Iterator[tuple[str, str]]) -> dict[str, _Located]:
    found: dict[str, _Located] = {}
    for file, text in files:
        for at, signal in _signals(parse(text, file)):
            if signal.name in found:
                earlier = found[signal.name][0]
                raise at.error(
                    f"{signal.name!r} is already defined at {earlier.file}:{earlier.node.start_mark.line + 1}"
                )
            found[signal.name] = (at, signal)
    return found


def _signals(root: Entry) -> Iterator[_Located]:
    fields = root.fields(_FILE_KEYS, ())
    exporter, hint = fields["exporter"].text(), fields["hint"].text()
    heartbeat = fields["heartbeat"].text(empty=True)
    for item in fields["signals"].items():
        yield item, _signal(item, exporter, hint, heartbeat)


def _signal(item: Entry, exporter: str, hint: str, heartbeat: str) -> Signal:
    fields = item.fields(_REQUIRED, _OPTIONAL)
    labels = tuple(label.name() for label in fields["labels"].items())
    if len(set(labels)) < len(labels):
        raise fields["labels"].error("a label stands here twice")
    return Signal(
        name=fields["name"].name(),
        unit=fields["unit"].text(),
        kind=fields["kind"].choice(Kind),
        aspect=fields["aspect"].choice(Aspect),
        query=fields["query"].text(),
        labels=labels,
        exporter=exporter,
        hint=fields["hint"].text() if "hint" in fields else hint,
        heartbeat=fields["heartbeat"].text(empty=True) if "heartbeat" in fields else heartbeat,
        required=fields["required"].truth() if "required" in fields else False,
    )


def _check_heartbeat(at: Entry, signal: Signal, known: dict[str, _Located]) -> None:
    if signal.kind is Kind.HEARTBEAT and (signal.heartbeat or "instance" not in signal.labels):
        raise at.error(f'{signal.name}: a heartbeat has the label `instance` and no heartbeat of its own (write "")')
    if not signal.heartbeat:
        return
    if signal.heartbeat not in known:
        raise at.error(f"{signal.name}: its heartbeat {signal.heartbeat!r} is no signal of the catalogue")
    if known[signal.heartbeat][1].kind is not Kind.HEARTBEAT:
        raise at.error(f"{signal.name}: its heartbeat {signal.heartbeat!r} is a signal of another kind")
