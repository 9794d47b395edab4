"""Recordings: the frames of a period in one zip file, written, read, and served as a Source.

The format is documented in docs/recording-format.md.
"""

import contextlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import BlindSpot, Floats, Frame, Frames, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Kind, Signal, one_of_each
from correlator.sources.encoding import BYTES_PER_VALUE, decode_delta, decode_plain, encode_delta
from correlator.sources.manifest import (
    FORMAT,
    MEMBER,
    VERSION,
    GridPart,
    Manifest,
    QualityPart,
    RecordingError,
    SignalPart,
    dump_manifest,
    parse_manifest,
)
from correlator.sources.staleness import known_rows

SUFFIX = ".correlator.zip"
_MANIFEST_BYTES_MAXIMUM = 64 * 1024 * 1024
_BEGINNING_OF_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_READ_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)  # all that zipfile is known to raise


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one recorded signal is."""

    unit: str
    kind: Kind


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording in memory; `signals` names what each frame holds, `path` is where it was read."""

    path: Path
    frames: Frames
    signals: Mapping[str, Recorded]
    created_at: datetime
    source: str
    cluster: str = ""


def write_recording(
    path: Path, frames: Frames, signals: Sequence[Signal], *, created_at: datetime, source: str, cluster: str = ""
) -> None:
    """Save the frames of `signals`; equal input gives an equal file, and a file is there whole or not at all.

    `created_at` needs a time zone. Raises RecordingError when the file cannot be written.
    """
    manifest = Manifest(
        format=FORMAT,
        version=VERSION,
        created_at=created_at.replace(microsecond=0),
        source=source,
        cluster=cluster,
        grid=GridPart(start=frames.grid.start, step=frames.grid.step, count=frames.grid.count),
        signals=[_signal_part(signal, frames) for signal in one_of_each(signals)],
        quality=[QualityPart(signal=spot.signal, reason=spot.reason) for spot in frames.quality],
    )
    try:
        with _replacing(path) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:
            _put(archive, MEMBER, dump_manifest(manifest))
            for part in manifest.signals:
                if part.member:
                    _put(archive, part.member, encode_delta(frames.get(part.name).values))
    except OSError as error:
        raise RecordingError(path, f"cannot be written: {error.strerror or error}") from error


def read_recording(path: Path) -> Recording:
    """The recording in a file; raises RecordingError, naming file and member, on anything that is not one."""
    try:
        with _opened(path) as archive:
            manifest = parse_manifest(path, _manifest_bytes(path, archive))
            frames = {part.name: _frame(path, archive, manifest, part) for part in manifest.signals}
    except OSError as error:
        raise RecordingError(path, f"cannot be read: {error.strerror or error}") from error
    return Recording(
        path=path,
        frames=Frames(
            manifest.steps(),
            frames,
            {part.name: part.interval for part in manifest.signals if part.interval},
            tuple(BlindSpot(spot.signal, spot.reason) for spot in manifest.quality),
        ),
        signals={part.name: Recorded(part.unit, part.kind) for part in manifest.signals},
        created_at=manifest.created_at,
        source=manifest.source,
        cluster=manifest.cluster,
    )


class RecordingSource:
    """A Source that answers from a recording: the recorded value at a step, NaN outside the recorded span.

    A grid may have the recorded step or a multiple of it.
    """

    def __init__(self, path: Path) -> None:
        """Read the whole recording; raises RecordingError."""
        self._path = path
        self.recording = read_recording(path)

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def span(self, now: float) -> tuple[float, float]:  # noqa: ARG002 - a recording knows no now
        """The first and the last recorded step."""
        grid = self.recording.frames.grid
        return float(grid.start), float(grid.last)

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:  # noqa: ARG002 - one for all times
        """The intervals that were found when it was recorded."""
        known = self.recording.frames.intervals
        return {signal.name: known[signal.name] for signal in signals if signal.name in known}

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """All signals on the grid; a signal recorded with another unit or kind is a failed one.

        `progress` counts signals. Raises RecordingError when the grid's step is no multiple of the recorded one.
        """
        recorded = self.recording.frames.grid
        if grid.step % recorded.step:
            raise RecordingError(
                self._path, f"recorded every {recorded.step} s: a step of {grid.step} s is no multiple of that"
            )
        indices = (grid.times() - recorded.start) // recorded.step
        return pick(self.recording, signals, grid, lambda frame, _: _at(frame.values, indices), progress)


def pick(
    recording: Recording,
    signals: Sequence[Signal],
    grid: Grid,
    values_of: Callable[[Frame, Recorded], Floats],
    progress: Callable[[int, int], None] | None,
) -> Frames:
    """Frames on a grid from a recording; `values_of` yields a recorded frame's rows at the grid's steps."""
    found: dict[str, Frame] = {}
    failed: list[BlindSpot] = []
    wanted = one_of_each(signals)
    for done, signal in enumerate(wanted, start=1):
        frame = recording.frames.get(signal.name)
        what = recording.signals.get(signal.name, Recorded(signal.unit, signal.kind))
        if (what.unit, what.kind) == (signal.unit, signal.kind):
            found[signal.name] = known_rows(Frame(signal.name, grid, frame.labels, values_of(frame, what)))
        else:
            found[signal.name] = Frame.empty(signal.name, grid)
            failed.append(BlindSpot(signal.name, f"failed: recorded as {what.kind} in {what.unit}"))
        if progress:
            progress(done, len(wanted))
    intervals = {name: interval for name, interval in recording.frames.intervals.items() if name in found}
    return Frames(grid, found, intervals, (*recording.frames.quality, *failed))


def _at(values: Floats, indices: NDArray[np.int64]) -> Floats:
    """The columns at the indices, NaN where an index lies outside."""
    inside = (indices >= 0) & (indices < values.shape[1])
    found = np.full((values.shape[0], indices.size), np.nan)
    found[:, inside] = values[:, indices[inside]]
    return found


def _signal_part(signal: Signal, frames: Frames) -> SignalPart:
    frame = frames.get(signal.name)
    return SignalPart(
        name=signal.name,
        unit=signal.unit,
        kind=signal.kind,
        interval=frames.intervals.get(signal.name),
        series=len(frame.labels),
        labels=[dict(labels) for labels in frame.labels],
        member=f"signals/{signal.name}.bin" if frame.labels else "",
        encoding="delta",
    )


def _put(archive: zipfile.ZipFile, member: str, content: bytes) -> None:
    """Add a member without the time of writing, so that equal content is an equal file."""
    info = zipfile.ZipInfo(member, _BEGINNING_OF_ZIP_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content, compresslevel=9)


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when all went well, and vanishes otherwise."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        unfinished.chmod(0o644)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _opened(path: Path) -> zipfile.ZipFile:
    with path.open("rb") as file:
        beginning = file.read(2)
    try:
        return zipfile.ZipFile(path)
    except _DAMAGES as error:
        what = "a zip file that is damaged or cut off" if beginning == b"PK" else "not a zip file"
        raise RecordingError(path, f"no recording: it is {what}") from error


def _manifest_bytes(path: Path, archive: zipfile.ZipFile) -> bytes:
    info = _member(path, archive, MEMBER)
    if info.file_size > _MANIFEST_BYTES_MAXIMUM:
        raise RecordingError(path, f"has {info.file_size} bytes, at most {_MANIFEST_BYTES_MAXIMUM} are read", MEMBER)
    return _content(path, archive, info)


def _frame(path: Path, archive: zipfile.ZipFile, manifest: Manifest, part: SignalPart) -> Frame:
    grid = manifest.steps()
    if not part.labels:
        return Frame.empty(part.name, grid)
    info = _member(path, archive, part.member)
    expected = part.series * grid.count * BYTES_PER_VALUE
    if info.file_size != expected:
        shape = f"{part.series} series × {grid.count} steps × {BYTES_PER_VALUE}"
        raise RecordingError(path, f"has {info.file_size} bytes, expected {expected} = {shape}", part.member)
    decode = decode_delta if part.encoding == "delta" else decode_plain
    values = decode(_content(path, archive, info), part.series, grid.count)
    rows = dict(zip(map(labels_of, part.labels), values, strict=True))
    if len(rows) < part.series:
        raise RecordingError(path, f"{part.name}: two series have the same labels", MEMBER)
    return Frame.from_rows(part.name, grid, rows)


def _member(path: Path, archive: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    try:
        info = archive.getinfo(member)
    except KeyError:
        raise RecordingError(path, "is missing", member) from None
    if info.compress_type not in _READ_COMPRESSIONS or info.flag_bits & _ENCRYPTED:
        raise RecordingError(path, "is encrypted or compressed by another method than deflate", member)
    return info


def _content(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, never more than it says it has."""
    try:
        with archive.open(info) as member:
            content = member.read(info.file_size)
            surplus = member.read(1)
    except _DAMAGES as error:
        raise RecordingError(path, f"is damaged: {error}", info.filename) from error
    if len(content) != info.file_size or surplus:
        raise RecordingError(path, f"is cut off after {len(content)} of {info.file_size} bytes", info.filename)
    return content
