"""Files that are exchanged while we run."""

from pathlib import Path

import pytest

from correlator.access import AccessError, Watched


def number(path: Path) -> int:
    """What the file holds."""
    try:
        return int(path.read_text())
    except (OSError, ValueError) as error:
        raise AccessError(str(error)) from error


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with 1."""
    path = tmp_path / "value"
    path.write_text("1")
    return path


def test_a_change_is_seen(file: Path) -> None:
    """The next question after a change has the new value."""
    watched = Watched([file], lambda: number(file), every_seconds=0)
    file.write_text("22")
    assert watched() == 22


def test_an_exchanged_link_is_seen(tmp_path: Path) -> None:
    """Kubernetes exchanges the folder of a secret by renaming a link: the path of the file stays as it was."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "value").write_text({"old": "1", "new": "2"}[name])
    data = tmp_path / "..data"
    data.symlink_to("old")
    watched = Watched([data / "value"], lambda: number(data / "value"), every_seconds=0)
    (tmp_path / "..next").symlink_to("new")
    (tmp_path / "..next").rename(data)
    assert watched() == 2


def test_what_cannot_be_used_changes_nothing(file: Path) -> None:
    """A file that is half written, or gone, leaves the last good value; the next good one is taken."""
    watched = Watched([file], lambda: number(file), every_seconds=0)
    file.write_text("nonsense")
    assert watched() == 1
    file.unlink()
    assert watched() == 1
    file.write_text("3")
    assert watched() == 3


def test_files_are_not_looked_at_for_each_question(file: Path) -> None:
    """Between two looks the value is the one that is known."""
    now = [0.0]
    watched = Watched([file], lambda: number(file), every_seconds=1, clock=lambda: now[0])
    file.write_text("22")
    now[0] = 0.9
    assert watched() == 1
    now[0] = 1.0
    assert watched() == 22


def test_nothing_begins_without_a_good_file(tmp_path: Path) -> None:
    """At the start there is no last good value."""
    with pytest.raises(AccessError, match="No such file"):
        Watched([tmp_path / "gone"], lambda: number(tmp_path / "gone"))
