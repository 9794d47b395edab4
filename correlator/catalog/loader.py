"""From YAML files to signals, checked: the bundled ones first, then each directory of the user's."""

from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TypeAlias

from correlator.catalog.nodes import CatalogueError, Entry, parse
from correlator.catalog.rows import FILE_KEYS, FILE_OPTIONAL, FILE_SYMPTOMS, File, rows_of
from correlator.model.signal import Kind, Signal

Catalogue: TypeAlias = tuple[Signal, ...]

_Located: TypeAlias = tuple[Entry, Signal]
_Key: TypeAlias = tuple[str, str]
_Layer: TypeAlias = dict[_Key, list[_Located]]


def load(directories: Sequence[Path] = ()) -> Catalogue:
    """All rows: the bundled ones, changed and extended by the `*.yaml` files of each directory in turn.

    A row of the same signal and exporter as an earlier one takes its place, one of another exporter supplies the same
    signal as well; two of one signal and exporter in one directory are an error. Raises
    CatalogueError, which names file, line and key, on anything that is not a catalogue, on a heartbeat that names no
    heartbeat signal, and on rows of one signal that differ in what it is.
    """
    layers: _Layer = {}
    for files in files_of(directories):
        layers |= _layer(files)
    located = [each for rows in layers.values() for each in rows]
    first: dict[str, _Located] = {}
    for at, signal in located:
        _check_same(at, signal, first.setdefault(signal.name, (at, signal)))
    for at, signal in located:
        _check_heartbeat(at, signal, first)
    return tuple(signal for _, signal in located)


def files_of(directories: Sequence[Path]) -> Iterator[Iterator[tuple[str, str]]]:
    """Names and texts of the bundled files, then of those of each directory. Raises CatalogueError."""
    yield _bundled()
    yield from map(_files, directories)


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


def _layer(files: Iterator[tuple[str, str]]) -> _Layer:
    found: _Layer = {}
    for name, text in files:
        fields = parse(text, name).fields(FILE_KEYS, (*FILE_OPTIONAL, FILE_SYMPTOMS))
        file = File.of(fields)
        for item in fields["signals"].items():
            rows = rows_of(item, file)
            key = (rows[0].name, file.exporter)
            if key in found:
                raise item.error(f"{key[0]!r} is already defined at {found[key][0][0].place}")
            found[key] = [(item, row) for row in rows]
    return found


def _check_same(at: Entry, signal: Signal, first: _Located) -> None:
    """Whoever supplies a signal supplies the same thing."""
    for what in ("unit", "kind", "aspect"):
        ours, theirs = getattr(signal, what), getattr(first[1], what)
        if ours != theirs:
            raise at.error(f"{signal.name}: its {what} is {ours}, and {theirs} at {first[0].place}")


def _check_heartbeat(at: Entry, signal: Signal, known: dict[str, _Located]) -> None:
    if signal.kind is Kind.HEARTBEAT and (signal.heartbeat or "instance" not in signal.labels):
        raise at.error(f'{signal.name}: a heartbeat has the label `instance` and no heartbeat of its own (write "")')
    if not signal.heartbeat:
        return
    if signal.heartbeat not in known:
        raise at.error(f"{signal.name}: its heartbeat {signal.heartbeat!r} is no signal of the catalogue")
    if known[signal.heartbeat][1].kind is not Kind.HEARTBEAT:
        raise at.error(f"{signal.name}: its heartbeat {signal.heartbeat!r} is a signal of another kind")
