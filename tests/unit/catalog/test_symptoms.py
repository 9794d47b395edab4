"""Symptoms as data: what ships, and what is refused with file and line."""

from pathlib import Path

import pytest

from correlator.catalog import CatalogueError, load, load_symptoms
from correlator.model.symptom import Dependence, Form

HEAD = """exporter: app
hint: scrape it
heartbeat: ""
signals:
  - {name: app_done, unit: jobs, kind: counter, aspect: symptom, query: max by (pod) (app_done_total), labels: [pod]}
  - {name: app_busy, unit: seconds, kind: counter, aspect: symptom, query: max by (pod) (app_busy_total), labels: [pod]}
  - {name: app_inside, unit: jobs, kind: gauge, aspect: symptom, query: max by (pod) (app_inside), labels: [pod]}
symptoms:
"""
GOOD = "  - {name: app, form: mean, quantity: time per job, things: jobs, total: app_busy, count: app_done"


def written(folder: Path, text: str, name: str = "app.yaml") -> Path:
    """A directory with one catalogue file."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(HEAD + text, encoding="utf-8")
    return folder


def test_what_ships() -> None:
    """Beside TTFT: tokens, prompts, etcd's fsync and PostgreSQL, each read from signals that the catalogue has."""
    found = {symptom.name: symptom for symptom in load_symptoms()}
    assert set(found) == {"tokens_per_second", "prompt_processing", "etcd_fsync", "postgresql_transactions"}
    names = {signal.name for signal in load()}
    for symptom in found.values():
        told = {symptom.count, symptom.bucket, symptom.total, symptom.inside, symptom.heartbeat} - {""}
        assert told <= names
    assert found["etcd_fsync"].relies_on is Dependence.WRITES
    assert found["tokens_per_second"].form is Form.THROUGHPUT


def test_a_users_own(tmp_path: Path) -> None:
    """With defaults where nothing is said, and values where something is."""
    folder = written(tmp_path / "a", GOOD + "}\n")
    (own,) = [symptom for symptom in load_symptoms((folder,)) if symptom.name == "app"]
    assert (own.ratio, own.floor, own.relies_on) == (1.5, 0.005, Dependence.READS)
    assert (own.count, own.total, own.heartbeat) == ("app_done", "app_busy", "")
    later = written(tmp_path / "b", GOOD + ", ratio: 3, floor: 250us, relies_on: both}\n")
    (own,) = [symptom for symptom in load_symptoms((folder, later)) if symptom.name == "app"]
    assert (own.ratio, own.relies_on) == (3.0, Dependence.BOTH)
    assert own.floor == pytest.approx(250e-6)


@pytest.mark.parametrize(
    ("text", "key", "complaint"),
    [
        (GOOD.replace("count: app_done", "count: nothing") + "}", "count", "no signal of the catalogue"),
        (GOOD.replace("count: app_done", "count: app_inside") + "}", "count", "is a gauge, expected a counter"),
        (GOOD.replace("form: mean", "form: histogram") + "}", "symptoms[0]", "a histogram asks for bucket"),
        (GOOD.replace("form: mean", "form: histogram") + ", bucket: app_done}", "bucket", "the label `le`"),
        (GOOD.replace("form: mean", "form: throughput") + "}", "symptoms[0]", "a throughput asks for inside"),
        (GOOD.replace("form: mean", "form: median") + "}", "form", "none of histogram, mean, share, throughput"),
        (GOOD + ", ratio: 1}", "ratio", "above 1"),
        (GOOD + ", ratio: much}", "ratio", "above 1"),
        (GOOD + ", ratio: true}", "ratio", "above 1"),
        (GOOD + ", floor: 5}", "floor", "expected"),
        (GOOD + ", floor: 0ms}", "floor", "expected a duration"),
        (GOOD + ", floor: 1%}", "floor", "expected a duration"),
        (GOOD.replace("form: mean", "form: share") + ", floor: 5ms}", "floor", "expected a part such as 1%"),
        (GOOD + ", relies_on: luck}", "relies_on", "none of reads, writes, both"),
        (GOOD + ", colour: red}", "colour", "unknown key"),
        (GOOD.replace("name: app,", "name: ttft,") + "}", "symptoms[0]", "already a symptom"),
        (GOOD + "}\n" + GOOD + "}", "symptoms[1]", "already a symptom"),
        (GOOD.replace("quantity: time per job, ", "") + "}", "symptoms[0]", "missing quantity"),
    ],
)
def test_what_is_no_symptom_is_refused(text: str, key: str, complaint: str, tmp_path: Path) -> None:
    """With file, line and key, before anything is asked."""
    with pytest.raises(CatalogueError) as caught:
        load_symptoms((written(tmp_path / "a", text + "\n"),))
    said = str(caught.value)
    line = 10 if key == "symptoms[1]" else 9
    assert said.startswith(f"{tmp_path / 'a' / 'app.yaml'}:{line}: ")
    assert key in said
    assert complaint in said


def test_a_share_has_a_floor_of_its_own(tmp_path: Path) -> None:
    """One percent unless it says otherwise."""
    for number, (text, floor) in enumerate((("}", 0.01), (", floor: 0.5%}", 0.005))):
        folder = written(tmp_path / str(number), GOOD.replace("form: mean", "form: share") + text + "\n")
        (own,) = [symptom for symptom in load_symptoms((folder,)) if symptom.name == "app"]
        assert own.floor == pytest.approx(floor)


def test_the_documented_example_is_one(tmp_path: Path) -> None:
    """What docs/symptoms.md shows loads as it stands."""
    page = (Path(__file__).parents[3] / "docs" / "symptoms.md").read_text(encoding="utf-8")
    example = page.partition("## One of your own")[2]
    (tmp_path / "app.yaml").write_text(
        "\n".join(line[4:] for line in example.splitlines() if line.startswith("    ")), encoding="utf-8"
    )
    (own,) = [symptom for symptom in load_symptoms((tmp_path,)) if symptom.name == "app_jobs"]
    assert own.form is Form.MEAN
