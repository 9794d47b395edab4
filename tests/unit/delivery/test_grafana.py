"""Annotations in a Grafana, by its documented API."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from correlator.delivery.errors import RefusedError, TransientError
from correlator.delivery.grafana import GrafanaSink
from correlator.delivery.http import Receiver
from correlator.incidents.lifecycle import Event
from correlator.sources.session import Access
from tests.factories import HOSTILE, STARTED, make_suspect, make_victim
from tests.grafana import FakeGrafana, grafana, keep_and_break, say
from tests.unit.delivery.stories import opened, resolved, updated


@pytest.fixture
def server() -> Iterator[FakeGrafana]:
    """A running one."""
    with grafana() as running:
        yield running


def tell(
    server: FakeGrafana, *events: Event, access: Access | None = None, dashboard: str = "", page: str = ""
) -> None:
    """Deliver them, by a sink that remembers nothing."""
    for each in events:
        receiver = Receiver(server.url, access or Access(read_timeout_seconds=5.0), {})
        sink = GrafanaSink(receiver, ("team:a",), dashboard, page)
        for parcel in sink.prepare(each):
            sink.send(parcel.body)
        sink.close()


def milliseconds(at: datetime) -> int:
    """As Grafana counts."""
    return round(at.timestamp() * 1000)


def test_incident_is_one_annotation_from_onset_to_end(server: FakeGrafana) -> None:
    """Made when it opens, longer with each look, and as long as it lasted in the end; found again by a new process."""
    tell(server, opened())
    assert server.annotations[1]["timeEnd"] == milliseconds(STARTED + timedelta(seconds=30))
    tell(server, updated())
    assert server.annotations[1]["timeEnd"] == milliseconds(STARTED + timedelta(minutes=2))
    tell(server, resolved())
    (note,) = server.annotations.values()
    assert note["time"] == milliseconds(STARTED)
    assert note["timeEnd"] == milliseconds(STARTED + timedelta(minutes=10))


def test_tags_say_whose_it_is_and_choose(server: FakeGrafana) -> None:
    """Two incidents are two annotations; each has its tags, and those of the settings."""
    tell(server, opened(cluster="eu-1"), opened(id="another"))
    assert [note["tags"] for note in server.annotations.values()] == [
        ["correlator", "incident:c0ffee5eed", "verdict:contention", "namespace:inference", "cluster:eu-1", "team:a"],
        ["correlator", "incident:another", "verdict:contention", "namespace:inference", "team:a"],
    ]


def test_text_says_who_and_how_much(server: FakeGrafana) -> None:
    """Victim, effect, volume and who is accused, with a link where our address is known."""
    tell(server, opened(), page="https://correlator.example")
    assert server.annotations[1]["text"] == (
        "contention: inference/vllm-7c9f4-x2x8q, p95 TTFT 242 ms instead of 75 ms; on n1/nvme0n1; "
        "accused: rag/reindex-28812345-h8kz2 (97%)"
        '<br><a href="https://correlator.example/incidents/c0ffee5eed" target="_blank">incident</a>'
    )


def test_names_stay_text(server: FakeGrafana) -> None:
    """Grafana shows HTML: no name becomes any."""
    tell(server, opened(victim=make_victim(pod=HOSTILE), suspects=(make_suspect(pod=HOSTILE),)))
    assert "<img" not in server.annotations[1]["text"]
    assert "&lt;img" in server.annotations[1]["text"]


def test_dashboard_is_named_where_one_is_set(server: FakeGrafana) -> None:
    """Else every dashboard may show it."""
    tell(server, opened(), dashboard="abc")
    tell(server, opened(id="another"))
    assert [note.get("dashboardUID") for note in server.annotations.values()] == ["abc", None]


def test_what_arrived_unheard_is_not_made_twice(server: FakeGrafana) -> None:
    """A connection that breaks after Grafana did its work costs an attempt, and no second annotation."""
    server.faults = [None, keep_and_break]
    with pytest.raises(TransientError):
        tell(server, opened())
    tell(server, opened())
    assert len(server.annotations) == 1


def test_annotation_of_somebody_else_is_left_alone(server: FakeGrafana) -> None:
    """Only one that has both of our tags is ours, whatever a server answers to the question."""
    theirs = {"time": 1, "text": "deploy", "tags": ["correlator"]}
    server.annotations[1] = dict(theirs)
    tell(server, opened())
    assert server.annotations[1] == theirs
    server.faults = [say(200, b'[{"id": 1, "tags": ["correlator"]}, {"id": "x"}, 3, {"id": 7, "tags": null}]')]
    tell(server, opened(id="another"))
    assert server.annotations[1] == theirs
    assert len(server.annotations) == 3


@pytest.mark.parametrize("answer", [b"<html>please log in</html>", b"{}", b"", b"null", b'"ok"'])
def test_answer_that_is_not_grafanas_is_no_success(server: FakeGrafana, answer: bytes) -> None:
    """A page of a proxy with status 200 has stored nothing, neither for the question nor for the annotation."""
    server.faults = [say(200, answer)]
    with pytest.raises(TransientError, match="not Grafana's"):
        tell(server, opened())
    server.faults = [None, say(200, answer)]
    with pytest.raises(TransientError, match="not Grafana's"):
        tell(server, opened())
    assert server.annotations == {}


def test_annotation_that_a_person_deleted_in_between_is_refused(server: FakeGrafana) -> None:
    """It is gone between the question and the change."""
    tell(server, opened())
    server.faults = [None, say(404, b'{"message": "Annotation not found"}')]
    with pytest.raises(RefusedError, match="404"):
        tell(server, updated())


def test_token_is_shown(tmp_path: Path) -> None:
    """From its file; without it Grafana knows nobody, which is no fault of the annotation."""
    (tmp_path / "token").write_text("glsa_x")
    with grafana("glsa_x") as server:
        tell(server, opened(), access=Access(bearer_token_file=tmp_path / "token"))
        assert len(server.annotations) == 1
        with pytest.raises(TransientError, match="401"):
            tell(server, opened())
