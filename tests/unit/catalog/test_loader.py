"""The catalogue: what is bundled, what a user may change, and how mistakes are told."""

from importlib import resources
from pathlib import Path

import pytest

from correlator.catalog import CatalogueError, load
from correlator.catalog.promql import parsed, yielded
from correlator.model.signal import Aspect, Kind, Measured, Signal, State

SIGNAL = """\
exporter: mine
hint: install it
heartbeat: ""
signals:
  - name: my_reads
    unit: operations
    kind: counter
    aspect: io
    query: max by (instance) (my_reads_total)
    labels: [instance]
"""


def write(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    """A user's catalogue directory with one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_bundled_rows_are_unique_and_heartbeats_exist() -> None:
    """The bundled catalogue has each row once, and every heartbeat it names is one of its heartbeat signals."""
    by_name = {signal.name: signal for signal in load()}
    assert len({(signal.name, signal.exporter, signal.query) for signal in load()}) == len(load())
    assert all(not s.heartbeat or by_name[s.heartbeat].kind is Kind.HEARTBEAT for s in by_name.values())


def test_bundled_files_are_all_read() -> None:
    """Every YAML file of the package contributes its exporter."""
    files = [item for item in resources.files("correlator.catalog").iterdir() if item.name.endswith(".yaml")]
    assert len({signal.exporter for signal in load()}) == len(files)


def test_bundled_queries_reduce_to_the_identity() -> None:
    """Every bundled query aggregates by exactly the labels of its identity, so that no series is doubled."""
    for signal in load():
        labels = frozenset(map(signal.exported, signal.labels))
        assert yielded(parsed(signal.query)) in (labels, labels - {"le"})


def test_a_users_directory_adds_signals(tmp_path: Path) -> None:
    """A signal of a new name follows the bundled ones, with what the file says for all of its signals."""
    found = load([write(tmp_path, SIGNAL)])
    assert found[:-1] == load()
    assert found[-1] == Signal(
        name="my_reads",
        unit="operations",
        kind=Kind.COUNTER,
        aspect=Aspect.IO,
        query="max by (instance) (my_reads_total)",
        labels=("instance",),
        exporter="mine",
        hint="install it",
        metrics=("my_reads_total",),
    )


def test_a_users_directory_overrides_in_place(tmp_path: Path) -> None:
    """A row of a bundled signal and exporter takes its place; a later directory wins over an earlier one."""
    text = SIGNAL.replace("my_reads\n", "disk_reads\n").replace("exporter: mine", "exporter: node_exporter")
    first = write(tmp_path / "a", text)
    second = write(tmp_path / "b", text.replace("install it", "last"))
    found = load([first, second])
    assert [signal.name for signal in found] == [signal.name for signal in load()]
    assert next(signal for signal in found if signal.name == "disk_reads").hint == "last"


def test_a_signals_own_hint_and_heartbeat_win(tmp_path: Path) -> None:
    """What a signal says of itself takes the place of what its file says of all."""
    text = SIGNAL + "    hint: special\n    heartbeat: disk_heartbeat\n    required: true\n"
    signal = load([write(tmp_path, text)])[-1]
    assert (signal.hint, signal.heartbeat, signal.required) == ("special", "disk_heartbeat", True)


@pytest.mark.parametrize(
    ("change", "line", "complaint"),
    [
        (("unit:", "unti:"), 6, "signals[0].unti: unknown key; known are name, unit"),
        (("    unit: operations\n", ""), 5, "signals[0]: missing unit"),
        (("kind: counter", "kind: countr"), 7, "signals[0].kind: 'countr' is none of counter, gauge, info, heartbeat"),
        (("aspect: io", "aspect: [io]"), 8, "signals[0].aspect: expected text"),
        (("    unit: operations\n", "    unit: operations\n    unit: bytes\n"), 7, "signals[0].unit: the key stands"),
        (("name: my_reads", "name: my-reads"), 5, "signals[0].name: 'my-reads' is no name"),
        (("labels: [instance]", "labels: instance"), 10, "signals[0].labels: expected a list"),
        (("labels: [instance]", "labels: [a, a]"), 10, "signals[0].labels: a label stands here twice"),
        (("labels: [instance]", "labels: [instance]\n    required: maybe"), 11, "expected true or false"),
        (("query: max by (instance) (my_reads_total)", "query: ''"), 9, "signals[0].query: must not be empty"),
        (('heartbeat: ""', "heartbeat: nobody"), 5, "my_reads: its heartbeat 'nobody' is no signal"),
        (('heartbeat: ""', "heartbeat: disk_reads"), 5, "'disk_reads' is a signal of another kind"),
        (("kind: counter", "kind: heartbeat\n    heartbeat: disk_heartbeat"), 5, "no heartbeat of its own"),
        (("exporter: mine\n", ""), 1, "the file: missing exporter"),
        (("exporter: mine", "exporter: 7"), 1, "exporter: expected text"),
        (("signals:\n", "signals: 7\nold:\n"), 5, "old: unknown key"),
        (("exporter: mine", "exporter: [mine"), 2, "not YAML"),
        (("exporter: mine", "\x01"), 1, "not YAML"),
        ((SIGNAL, ""), 1, "the file is empty"),
        ((SIGNAL, "- a\n- b\n"), 1, "the file: expected a mapping"),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(
    tmp_path: Path, change: tuple[str, str], line: int, complaint: str
) -> None:
    """Whatever is wrong with a file, the error names the file, the line and the key."""
    assert change[0] in SIGNAL
    folder = write(tmp_path, SIGNAL.replace(*change, 1))
    with pytest.raises(CatalogueError) as caught:
        load([folder])
    assert str(caught.value).startswith(f"{folder / 'mine.yaml'}:{line}: ")
    assert complaint in str(caught.value)


def test_a_name_stands_once_in_a_directory(tmp_path: Path) -> None:
    """Two signals of one name in one directory are an error that names both places."""
    write(tmp_path, SIGNAL, "a.yaml")
    write(tmp_path, SIGNAL, "b.yml")
    with pytest.raises(CatalogueError, match=r"b\.yml:5: .*'my_reads' is already defined at .*a\.yaml:5"):
        load([tmp_path])


def test_an_unreadable_directory_is_told(tmp_path: Path) -> None:
    """A directory that is not there is an error that names it."""
    with pytest.raises(CatalogueError, match="nowhere: cannot be read as a directory"):
        load([tmp_path / "nowhere"])


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """Only YAML files of a directory are read."""
    assert load([write(tmp_path, "no yaml: [", "README.md")]) == load()


def test_labels_and_units_are_mapped(tmp_path: Path) -> None:
    """An exporter's own names and units are given as data; a file speaks for all of its signals, each may differ."""
    text = SIGNAL.replace("heartbeat:", "state: documented\nmeasured: gateway\nnote: since 2.0\nheartbeat:", 1)
    text = text.replace("unit: operations", "unit: seconds").replace("by (instance)", "by (target)")
    text += "    rename: {instance: target}\n    exported_in: milliseconds\n    state: tested\n"
    signal = load([write(tmp_path, text)])[-1]
    assert (signal.exported("instance"), signal.exported("pod")) == ("target", "pod")
    assert signal.factor == pytest.approx(1e-3)
    assert (signal.measured, signal.state, signal.note) == (Measured.GATEWAY, State.TESTED, "since 2.0")


def test_another_exporter_adds_a_supplier(tmp_path: Path) -> None:
    """A row of a bundled signal by another exporter stands beside the bundled one."""
    text = SIGNAL.replace("my_reads\n", "disk_reads\n")
    found = [signal.exporter for signal in load([write(tmp_path, text)]) if signal.name == "disk_reads"]
    assert found == ["node_exporter", "mine"]


def test_a_native_histogram_is_a_second_row(tmp_path: Path) -> None:
    """The same signal, asked for in another way, by the names of its own metrics."""
    text = SIGNAL.replace("labels: [instance]", "labels: [instance, le]").replace("by (instance)", "by (instance, le)")
    classic, native = load([write(tmp_path, text + "    native: sum by (instance) (my_reads)\n")])[-2:]
    assert (native.query, native.metrics) == ("sum by (instance) (my_reads)", ("my_reads",))
    assert classic.metrics == ("my_reads_total",)
    assert (native.name, native.labels) == (classic.name, classic.labels)


QUERY = "max by (instance) (my_reads_total)"


@pytest.mark.parametrize(
    ("change", "line", "complaint"),
    [
        ((QUERY, "max by (instance) (my_reads_total"), 9, "signals[0].query: not PromQL: unclosed left parenthesis"),
        ((QUERY, "max by (instance, pod) (m)"), 9, "the query yields pod, which labels lack"),
        ((QUERY, "max by (pod) (m)"), 9, "yields pod, which labels lack and does not yield instance, which labels"),
        ((QUERY, "max(m)"), 9, "does not yield instance, which labels have"),
        (("labels: [instance]", "labels: [instance]\n    rename: {pod: p}"), 11, "'pod' is none of the labels"),
        (("labels: [instance]", "labels: [instance]\n    rename: [pod]"), 11, "rename: expected a mapping"),
        (("labels: [instance]", "labels: [instance]\n    rename: {instance: i}"), 9, "does not yield i, which labels"),
        (("labels: [instance]", "labels: [instance]\n    exported_in: miles"), 11, "'miles' is none of milliseconds"),
        (("labels: [instance]", "labels: [instance]\n    exported_in: percent"), 11, "percent are no operations"),
        (("labels: [instance]", "labels: [instance]\n    state: sure"), 11, "'sure' is none of tested, documented"),
        (("labels: [instance]", "labels: [instance]\n    native: sum by (instance) ("), 11, "native: not PromQL"),
        (
            ("name: my_reads\n", "name: disk_io_time\n"),
            5,
            "disk_io_time: its unit is operations, and seconds at node_e",
        ),
    ],
)
def test_queries_and_mappings_are_checked_at_start(
    tmp_path: Path, change: tuple[str, str], line: int, complaint: str
) -> None:
    """What could only fail once Prometheus is asked, or never match, stops the start with file and line."""
    assert change[0] in SIGNAL
    folder = write(tmp_path, SIGNAL.replace(*change, 1))
    with pytest.raises(CatalogueError) as caught:
        load([folder])
    assert str(caught.value).startswith(f"{folder / 'mine.yaml'}:{line}: ")
    assert complaint in str(caught.value)
