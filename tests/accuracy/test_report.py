"""The report says what was measured, of everything that was run."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accuracy import mistakes, report
from tests.accuracy.calibration import Judgement
from tests.accuracy.diagram import write_diagram
from tests.accuracy.outcomes import Outcomes
from tests.accuracy.page import renewed
from tests.accuracy.records import record_file
from tests.accuracy.results import Failure, NotValidated
from tests.accuracy.targets import targets
from tests.accuracy.test_scores import case, incident, truth, victim

RIGHT = victim(truth("contention", "a"), incident(("a", 0.9)), ranked=("a", "b", "c"))
FOOLED = victim(truth("load"), incident(("b", 0.85)), ranked=("b", "a"))
OUTCOMES = Outcomes.of(
    [
        case("hard_null", FOOLED),
        case("contention", RIGHT),
        Failure(kind="reader", seed=7, error="Traceback\nValueError: no such thing"),
        NotValidated(kind="ramp", seeds=(8, 9)),
    ]
)


def test_missed_promises_are_named_with_their_figures() -> None:
    """One of two accusations is wrong, half the verdicts are, the only hard null accuses, one case crashed."""
    found = {each.figure: each for each in targets(OUTCOMES)}
    assert found["AC@1, told the onset"].is_met
    assert found["precision of accusations"].measured.startswith("0.500 (1/2), 95 % interval 0.095–0.905")
    assert found["hard nulls with an accusation"].measured == "1.000 (1/1)"
    assert found["verdict accuracy"].measured == "0.500 (1/2)"
    assert found["cases that crashed"].measured == "1"
    missed = {name for name, each in found.items() if not each.is_met}
    assert missed >= {
        "precision of accusations",
        "hard nulls with an accusation",
        "verdict accuracy",
        "AC@1 above each baseline overall",
        "cases that crashed",
    }


def test_a_promise_without_any_case_is_not_kept() -> None:
    """Nothing measured is nothing shown."""
    nothing = {each.figure for each in targets(Outcomes.of([])) if each.is_met}
    assert nothing == {"AC@1 below no baseline on any kind", "cases that crashed"}


def test_nothing_that_was_run_is_missing() -> None:
    """Crashes and kinds without a valid case are listed by kind and seed; the report comes to its end."""
    text = "\n".join(report.lines(OUTCOMES))
    assert "- reader seed 7 crashed: ValueError: no such thing" in text
    assert "- ramp seeds 8–9: no case whose impact was as claimed" in text
    assert "| load | 1 |" in text.partition("### Verdicts")[2]
    assert "reader seed 7" in "\n".join(mistakes.lines(OUTCOMES))


def test_the_order_in_which_cases_finish_leaves_no_trace() -> None:
    """Same report from the other end."""
    shuffled = Outcomes.of([*OUTCOMES.not_validated, *OUTCOMES.failures, *reversed(OUTCOMES.cases)])
    assert report.lines(shuffled) == report.lines(OUTCOMES)


def test_a_part_of_the_page_is_renewed_between_its_markers() -> None:
    """The prose stays."""
    page = "Prose.\n<!-- lab -->\nold\n<!-- /lab -->\nMore.\n"
    assert renewed(page, "lab", ["new", "lines"]) == "Prose.\n<!-- lab -->\nnew\nlines\n<!-- /lab -->\nMore.\n"
    with pytest.raises(ValueError, match="no part between <!-- quiet --> and <!-- /quiet -->"):
        renewed(page, "quiet", [])


def test_equal_judgements_give_an_equal_picture(tmp_path: Path) -> None:
    """So that a rerun changes the page only where figures changed."""
    judged = [Judgement(0.9, is_culprit=True), Judgement(0.85, is_culprit=True), Judgement(0.2, is_culprit=False)]
    for name in ("one.svg", "other.svg"):
        write_diagram(tmp_path / name, judged)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
    write_diagram(tmp_path / "third.svg", judged[:2])
    assert (tmp_path / "one.svg").read_bytes() != (tmp_path / "third.svg").read_bytes()


def test_records_are_a_table(tmp_path: Path) -> None:
    """A column for each name."""
    path = tmp_path / "build" / "records.csv.gz"
    with record_file(path) as records:
        records.write([{"kind": "reader", "share": 0.5}, {"kind": "ramp", "share": None}])
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [{"kind": "reader", "share": "0.5"}, {"kind": "ramp", "share": ""}]


def test_records_of_a_run_that_breaks_are_not_mistaken_for_all(tmp_path: Path) -> None:
    """The file is there whole or not at all."""

    def broken() -> Iterator[dict[str, object]]:
        yield {"kind": "reader"}
        raise RuntimeError

    with pytest.raises(RuntimeError), record_file(tmp_path / "records.csv.gz") as records:
        records.write(broken())
    assert not list(tmp_path.iterdir())
