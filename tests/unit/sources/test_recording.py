"""Recordings: written, read back, refused, and served."""

import json
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from correlator.model.frame import BlindSpot, Frame, Frames, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.sources.manifest import CELLS_MAXIMUM, RecordingError
from correlator.sources.recording import RecordingSource, read_recording, write_recording

GRID = Grid(1000, 10, 4)
WHEN = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[3] / "docs" / "recording-format.md"


def signal(name: str = "reads", kind: Kind = Kind.COUNTER) -> Signal:
    """A signal."""
    return Signal(name=name, unit="operations", kind=kind, aspect=Aspect.IO, query="q", labels=("pod",), exporter="e")


def frames(*rows: tuple[str, list[float]], grid: Grid = GRID) -> Frames:
    """Frames with one signal, `reads`, a row for each pod."""
    frame = Frame.from_rows("reads", grid, {labels_of({"pod": pod}): np.array(row) for pod, row in rows})
    return Frames(grid, {"reads": frame}, {"reads": 10}, (BlindSpot("reads", "warning: w"),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the recording goes."""
    return tmp_path / "a.correlator.zip"


def record(path: Path, *rows: tuple[str, list[float]]) -> Frames:
    """Write a recording with one signal."""
    written = frames(*(rows or [("a", [1, 2, np.nan, 4]), ("b", [np.nan, 0.1, np.inf, 1e300])]))
    write_recording(path, written, [signal(), signal("writes")], created_at=WHEN, source="here", cluster="c1")
    return written


def test_what_was_written_is_read(path: Path) -> None:
    """Values bit by bit, labels, intervals, quality and circumstances come back."""
    written = record(path)
    found = read_recording(path)
    assert found.frames.grid == GRID
    assert found.frames.get("reads").labels == written.get("reads").labels
    assert found.frames.get("reads").values.tobytes() == written.get("reads").values.tobytes()
    assert (found.frames.intervals, found.frames.quality) == ({"reads": 10}, (BlindSpot("reads", "warning: w"),))
    assert (found.source, found.cluster, found.created_at) == ("here", "c1", WHEN.replace(microsecond=0))
    assert found.frames.get("writes").values.shape == (0, 4)


@given(
    start=st.integers(0, 200_000_000).map(lambda n: n * 10),
    labels=st.lists(st.dictionaries(st.text(min_size=1), st.text(min_size=1)), max_size=5, unique_by=labels_of),
    data=st.data(),
)
def test_any_frame_survives(
    tmp_path_factory: pytest.TempPathFactory, start: int, labels: list[dict[str, str]], data: st.DataObject
) -> None:
    """Whatever the labels say and the values are, the frame that is read equals the one written."""
    grid = Grid(start, 10, data.draw(st.integers(0, 6)))
    values = data.draw(hnp.arrays(np.float64, (len(labels), grid.count)))
    frame = Frame.from_rows("reads", grid, dict(zip(map(labels_of, labels), values, strict=True)))
    path = tmp_path_factory.mktemp("any") / "x.zip"
    write_recording(path, Frames(grid, {"reads": frame}), [signal()], created_at=WHEN, source="")
    found = read_recording(path).frames.get("reads")
    assert (found.grid, found.labels) == (grid, frame.labels)
    assert found.values.tobytes() == frame.values.tobytes()


def test_equal_input_gives_an_equal_file(path: Path, tmp_path: Path) -> None:
    """A recording made anew does not differ, so that it can be kept under version control."""
    record(path)
    record(tmp_path / "b.zip")
    assert path.read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_recording_is_small(path: Path) -> None:
    """Five minutes of 300 counters at 1 s stay far below 2 MB."""
    rng = np.random.default_rng(7)
    grid = Grid(1000, 1, 300)
    rows = {labels_of({"pod": f"p{i}"}): np.cumsum(rng.poisson(50, 300)).astype(np.float64) / 1000 for i in range(300)}
    write_recording(
        path, Frames(grid, {"reads": Frame.from_rows("reads", grid, rows)}), [signal()], created_at=WHEN, source=""
    )
    assert path.stat().st_size < 500_000


def test_the_documented_example_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the document tells people to write by hand is a recording, in about 20 lines."""
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    exec(example, {})  # noqa: S102 - our own document
    frame = read_recording(tmp_path / "mine.correlator.zip").frames.get("disk_reads")
    assert frame.labels == ((("device", "nvme0n1"), ("instance", "n1:9100")),)
    assert np.array_equal(frame.values, [[100, 180, 260, np.nan, 420, 500]], equal_nan=True)
    assert len(example.strip().splitlines()) <= 20


def rewrite(
    path: Path, change: Callable[[dict[str, Any]], object], members: dict[str, bytes | None] | None = None
) -> None:
    """Write the recording anew with another manifest; a member of None is left out."""
    with zipfile.ZipFile(path) as archive:
        contents: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(contents["manifest.json"] or b"")
    change(manifest)
    contents |= {"manifest.json": json.dumps(manifest).encode(), **(members or {})}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            if content is not None:
                archive.writestr(name, content)


def refusal(path: Path) -> str:
    """What reading the file says; it always begins with the file and is final."""
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert not caught.value.retriable
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(format="zip"), "does not say that this is a recording"),
        (lambda m: m.update(version=2), "version 2, only 1 can be read"),
        (lambda m: m.update(extra=1), "extra: Extra inputs"),
        (lambda m: m.pop("grid"), "grid: Field required"),
        (lambda m: m.update(created_at="2026-01-01T00:00:00"), "created_at: Input should have timezone"),
        (lambda m: m["grid"].update(start=1001), "grid: Value error, start must be a multiple of step"),
        (lambda m: m["grid"].update(step=0), "grid.step: Input should be greater than or equal to 1"),
        (lambda m: m["grid"].update(start=float("inf")), "is not JSON"),
        (lambda m: m["grid"].update(start=1000.5), "grid.start: Input should be a valid integer"),
        (lambda m: m["grid"].update(count=10**7 + 1), "grid.count: Input should be less"),
        (lambda m: m["signals"][0].update(series=3), "series is 3, but labels has 2 entries"),
        (lambda m: m["signals"][0].update(kind="count"), "signals.0.kind: Input should be 'counter', 'gauge'"),
        (lambda m: m["signals"][0].update(encoding="gzip"), "signals.0.encoding: Input should be 'plain' or 'delta'"),
        (lambda m: m["signals"][0].update(labels=[{"pod": "a"}] * 2), "two series have the same labels"),
        (lambda m: m["signals"][0].update(labels=[{}, {"pod": ""}]), "reads: two series have the same labels"),
        (
            lambda m: m["signals"][0].update(labels=[{"pod": 1}, {}]),
            "signals.0.labels.0.pod: Input should be a valid string",
        ),
        (lambda m: m["signals"][0].update(member=""), "a signal with series needs a member"),
        (lambda m: m["signals"].append(m["signals"][0]), "signals: a name stands here twice"),
        (lambda m: m["grid"].update(count=CELLS_MAXIMUM // 2 + 10), "grid.count"),
        (lambda m: m["grid"].update(count=8), "signals/reads.bin: has 64 bytes, expected 128 = 2 series × 8 steps × 8"),
        (lambda m: m["signals"][0].update(member="gone.bin"), "gone.bin: is missing"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(path: Path, change: Callable[[dict[str, Any]], object], said: str) -> None:
    """Each mistake is refused in words that name the file, the member and the key."""
    record(path)
    rewrite(path, change)
    told = refusal(path)
    assert said in told
    assert told.startswith(("manifest.json: ", "signals/reads.bin: ", "gone.bin: "))


def test_too_many_values_are_refused_before_they_are_read(path: Path) -> None:
    """A manifest that asks for more memory than a recording may take is refused by its own figures."""
    record(path)

    def huge(manifest: dict[str, Any]) -> None:
        manifest["grid"]["count"] = 10_000_000
        manifest["signals"][0].update(series=7, labels=[{"pod": str(i)} for i in range(7)])

    rewrite(path, huge)
    assert "70000000 values are more than" in refusal(path)


def test_other_files_are_refused(path: Path) -> None:
    """Text, nothing, a directory, and no file at all."""
    path.write_text("hello")
    assert refusal(path) == "no recording: it is not a zip file"
    path.write_bytes(b"")
    assert refusal(path) == "no recording: it is not a zip file"
    assert refusal(path.parent) == "cannot be read: Is a directory"
    path.unlink()
    assert refusal(path) == "cannot be read: No such file or directory"


def test_a_file_cut_off_anywhere_is_refused(path: Path) -> None:
    """However much of a recording arrived, less than all is refused."""
    record(path)
    whole = path.read_bytes()
    for length in range(2, len(whole), 7):
        path.write_bytes(whole[:length])
        assert "damaged or cut off" in refusal(path)


def test_a_damaged_member_is_refused(path: Path) -> None:
    """A flipped bit among the values is found, and the member named."""
    record(path)
    whole = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("signals/reads.bin")
    whole[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 0xFF
    path.write_bytes(bytes(whole))
    assert refusal(path).startswith("signals/reads.bin: is damaged")


def test_a_recording_damaged_anywhere_is_read_whole_or_refused(path: Path) -> None:
    """Whichever bytes were lost or changed, the values that are read are those that were written."""
    written = record(path).get("reads").values.tobytes()
    whole, chance = path.read_bytes(), Random(5)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 1, 2, 5])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            assert read_recording(path).frames.get("reads").values.tobytes() == written
        except RecordingError:
            refused += 1
    assert refused > 150


def test_a_zip_without_manifest_is_refused(path: Path) -> None:
    """Any other zip file lacks the manifest."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refusal(path) == "manifest.json: is missing"


def test_other_compressions_are_refused(path: Path) -> None:
    """A member compressed by something that could unfold without bounds is not opened."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("manifest.json", "{}")
    assert "compressed by another method" in refusal(path)


def test_a_member_that_unfolds_beyond_its_size_is_refused(path: Path) -> None:
    """A member whose header lies about its length is cut off there and refused, not read on."""
    record(path)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        claimed = struct.pack("<I", archive.getinfo("manifest.json").file_size)
    path.write_bytes(content.replace(claimed, struct.pack("<I", 60)))
    assert refusal(path).startswith("manifest.json: is damaged")


def test_writing_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    """A folder that is not there is told with the file's name."""
    with pytest.raises(RecordingError, match=r"none/a\.zip: cannot be written: No such file or directory"):
        record(tmp_path / "none" / "a.zip")


def test_a_failed_writing_leaves_nothing(tmp_path: Path) -> None:
    """Where the file cannot take its place, what was there stays and nothing else is left behind."""
    (tmp_path / "a.zip").mkdir()
    with pytest.raises(RecordingError, match=r"a\.zip: cannot be written"):
        record(tmp_path / "a.zip")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


def test_a_recording_serves_its_steps(path: Path) -> None:
    """The recorded step or a multiple of it; outside the span nothing is known; intervals and span as recorded."""
    record(path, ("a", [1.0, 2.0, 3.0, 4.0]))
    source = RecordingSource(path)
    wide = source.fetch([signal()], Grid(980, 10, 8)).get("reads").values
    assert np.array_equal(wide, [[np.nan, np.nan, 1, 2, 3, 4, np.nan, np.nan]], equal_nan=True)
    coarse = source.fetch([signal()], Grid(1000, 20, 2)).get("reads").values
    assert coarse.tolist() == [[1, 3]]
    assert source.intervals([signal(), signal("writes")], 0) == {"reads": 10}
    assert (source.span(0), source.name) == ((1000, 1030), str(path))


def test_a_finer_step_is_refused(path: Path) -> None:
    """What was not recorded cannot be served."""
    record(path)
    with pytest.raises(RecordingError, match="recorded every 10 s: a step of 5 s is no multiple of that"):
        RecordingSource(path).fetch([signal()], Grid(1000, 5, 2))


def test_another_unit_or_kind_is_a_blind_spot(path: Path) -> None:
    """A signal that changed its meaning since it was recorded is not used, and that is told."""
    record(path)
    found = RecordingSource(path).fetch([signal(kind=Kind.GAUGE)], GRID)
    assert found.get("reads").labels == ()
    assert BlindSpot("reads", "failed: recorded as counter in operations") in found.quality
