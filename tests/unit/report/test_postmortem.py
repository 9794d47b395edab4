"""The post-mortem: what it says of an incident, whatever is known of it."""

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from correlator.model.finding import Evidence, Recurrence, SuspectKind, Verdict
from correlator.model.incident import Feedback, Moment
from correlator.report import Document, Material, postmortem
from correlator.report.document import Code, Picture, Section, Table
from tests.factories import (
    STARTED,
    make_incident,
    make_logs,
    make_reasoned_evidence,
    make_suspect,
    make_victim,
)


def make_material(**changes: Any) -> Material:  # noqa: ANN401 - a change may be of any field
    """An open contention with everything that can be known."""
    material = Material(
        incident=make_incident(),
        evidence=make_reasoned_evidence(),
        address="http://correlator:9920",
        picture="http://correlator:9920/plot.png",
        version="0.1.0",
        source="http://prometheus:9090",
    )
    return replace(material, **changes)


def texts_of(value: object) -> Iterator[str]:
    """Every string of a document."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            yield from texts_of(getattr(value, each.name))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts_of(each)


def section(document: Document, title: str) -> Section:
    """One section by its title."""
    return next(each for each in document.sections if each.title == title)


def facts_of(document: Document, title: str) -> dict[str, str]:
    """A table of two columns."""
    return {row[0]: row[1] for row in rows_of(document, title)}


def rows_of(document: Document, title: str) -> list[tuple[str, ...]]:
    """The rows of the first table of a section."""
    table = next(each for each in section(document, title).blocks if isinstance(each, Table))
    return [tuple(row) for row in table.rows]


def test_sections_come_in_the_order_of_a_post_mortem() -> None:
    """What happened, how bad, why, what to do, what is not known, where it comes from."""
    document = postmortem(make_material(logs=make_logs(), others=[make_incident(id="other")]))
    assert [each.title for each in document.sections] == [
        "Summary",
        "Timeline",
        "Impact",
        "What was seen",
        "Cause",
        "Suspects",
        "Why not the others",
        "What was ruled out",
        "What to do",
        "Logs",
        "Other victims of the same cause",
        "What could not be seen",
        "Feedback",
        "Where this comes from",
    ]
    assert document.title == "Storage contention on n1/nvme0n1, 2026-11-23 02:04 UTC"
    assert document.lead.startswith("Since 02:04:15 UTC the p95 TTFT of inference/vllm-7c9f4-x2x8q is 242 ms")


def test_timeline_is_in_order_and_counts_looks() -> None:
    """Onset first, then what happened to the incident; looks in a row are one line; the end is last."""
    ended = STARTED + timedelta(minutes=9)
    moments = [
        Moment(STARTED + timedelta(seconds=30), "opened"),
        *(Moment(STARTED + timedelta(minutes=minute), "updated") for minute in (1, 2, 5)),
        Moment(ended + timedelta(minutes=1), "resolved"),
    ]
    incident = make_incident(suspects=(make_suspect(lag_seconds=-15.0),), ended_at=ended)
    rows = rows_of(postmortem(make_material(incident=incident, moments=moments)), "Timeline")
    assert rows == [
        ("2026-11-23 02:04:00", "I/O of rag/reindex-28812345-h8kz2 began to rise"),
        ("2026-11-23 02:04:15", "Onset: what is watched began to get worse"),
        ("2026-11-23 02:04:45", "Incident opened"),
        ("2026-11-23 02:05:15", "Looked at again, 3 times until 2026-11-23 02:09:15"),
        ("2026-11-23 02:13:15", "Ended: over"),
        ("2026-11-23 02:14:15", "Incident resolved"),
    ]


def test_impact_says_how_many_and_how_much() -> None:
    """Requests affected, first tokens usually, during, at worst, and where the time went."""
    rows = facts_of(postmortem(make_material()), "Impact")
    assert rows["Requests affected"] == "4,100"
    assert rows["Time to first token, p95, usually"] == "75 ms"
    assert rows["During"] == "242 ms (3.23 times)"
    assert rows["At worst"] == "301 ms"
    assert rows["… by suspects"] == "160 ms"


def test_cause_gives_every_link_with_its_numbers() -> None:
    """The volume, the victim, the load, and the suspect with its past."""
    seen = Recurrence(seconds=259200.0, rises=1, regressions=4, regressions_with=3)
    incident = make_incident(suspects=(make_suspect(recurrence=seen),))
    said = "\n".join(texts_of(section(postmortem(make_material(incident=incident)), "Cause")))
    assert "probability of 97 %" in said
    assert "utilization 7 % → 97 %, queue 0.3 → 31.5" in said
    assert "The victim waits for storage: 0 % → 31 % of the time." in said
    assert "Load explains 0 ms of the 167 ms" in said
    assert "took 94 % of the added device time; its I/O rose at the onset" in said
    assert "in 3 d 0 h of its past it was as busy without harm once, and in 3 of 4 regressions" in said


def test_blind_spots_are_said_in_plain_words() -> None:
    """What is not seen and what that costs, with the signal's name for those who can mend it."""
    (said,) = (
        each for each in texts_of(section(postmortem(make_material()), "What could not be seen")) if "kernel" in each
    )
    assert "less certain" in said
    assert "container_pressure_io" in said


def test_advice_comes_with_its_command() -> None:
    """The command stands by itself, to be copied."""
    code = [block for block in section(postmortem(make_material()), "What to do").blocks if isinstance(block, Code)]
    assert [each.text for each in code] == [make_incident().advice[0].command]


def test_logs_are_quoted() -> None:
    """Counts and lines of each pod that wrote some."""
    logs = make_logs()
    said = "\n".join(texts_of(section(postmortem(make_material(logs=logs)), "Logs")))
    line = next(line for pod in logs.pods for line in pod.lines)
    assert line.text in said


def test_feedback_is_told() -> None:
    """What a person said, and until then that nobody did."""
    incident = make_incident(feedback=Feedback(verdict_right=False, culprits=("a/b",), note="it was the backup"))
    said = "\n".join(texts_of(section(postmortem(make_material(incident=incident)), "Feedback")))
    assert "Called wrong." in said
    assert "a/b" in said
    assert "it was the backup" in said
    assert "Nobody has said" in "".join(texts_of(section(postmortem(make_material()), "Feedback")))


def test_says_how_to_judge_it_anew() -> None:
    """A command that a shell takes as it is, whatever the pod is called."""
    incident = make_incident(victim=make_victim(pod="a'b; rm -rf"))
    said = "\n".join(texts_of(section(postmortem(make_material(incident=incident)), "Where this comes from")))
    assert """correlator explain --victim 'inference/a'"'"'b; rm -rf' --at 2026-11-23T02:10:15Z""" in said


def test_demo_is_said_at_the_top() -> None:
    """Nobody takes a demo for an outage."""
    assert postmortem(make_material(demo=True)).warning.startswith("DEMO")
    assert postmortem(make_material()).warning == ""


def test_picture_is_told_in_words() -> None:
    """Whoever does not see the picture reads its figures."""
    (picture,) = section(postmortem(make_material()), "What was seen").blocks
    assert isinstance(picture, Picture)
    assert "Time to first token: p50" in picture.words


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_report_with_nothing_known(verdict: Verdict) -> None:
    """Without volume, use, suspects and series it is short, and says nothing of None or nan."""
    incident = make_incident(
        verdict=verdict, volume=None, use=None, suspects=(), blind_spots=(), advice=(), explanation="", reasons=()
    )
    document = postmortem(Material(incident=incident, evidence=Evidence()))
    titles = [each.title for each in document.sections]
    assert "Suspects" not in titles
    assert "Why not the others" not in titles
    assert not [text for text in texts_of(document) if "None" in text or "nan" in text]
    assert document.lead == ""


def test_others_without_a_pod_have_names() -> None:
    """Nodes and I/O that no pod accounts for are named as on the page."""
    node = make_suspect(kind=SuspectKind.NODE, namespace="", pod="", node="n7")
    nobody = make_suspect(kind=SuspectKind.UNATTRIBUTED, namespace="", pod="", accused=False)
    document = postmortem(make_material(incident=make_incident(suspects=(node, nobody))))
    assert [row[0] for row in rows_of(document, "Suspects")] == ["node n7", "I/O that no pod accounts for"]
    assert facts_of(document, "Summary")["Culprit"] == "node n7"
