"""Pages of an episode, a volume and a victim; what a chat reads of an incident's link."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

from fastapi.testclient import TestClient

from correlator.incidents.errors import StoreBusyError
from correlator.model.incident import State
from correlator.model.snapshot import LayerNow
from tests.factories import HOSTILE, STARTED, make_episode, make_incident, make_victim
from tests.snapshots import make_database_now, make_edge, make_snapshot, make_victim_now, make_volume_now
from tests.unit.web.fakes import FakeIncidents, make_app, make_client, make_state
from tests.unit.web.test_page import page_of, words_of

INCIDENT = "/incidents/c0ffee5eed"


def preview_of(html: str) -> dict[str, str]:
    """Open Graph's properties."""
    found = re.findall(r'<meta property="og:([a-z:_]+)" content="([^"]*)">', html)
    return {name: unescape(content) for name, content in found}


def test_preview_of_an_incident() -> None:
    """Title, first words and picture, with absolute addresses by which the page was asked for."""
    preview = preview_of(make_client().get(f"{INCIDENT}?from=2026-11-23T02:00:00Z&to=2026-11-23T02:10:00Z").text)
    assert preview["title"] == (
        "Storage contention on n1/nvme0n1: rag/reindex-28812345-h8kz2 – inference/vllm-7c9f4-x2x8q"
    )
    assert preview["description"].startswith("Since 02:04:15 UTC the p95 TTFT of")
    assert preview["image"] == "http://testserver/api/v1/incidents/c0ffee5eed/plot.png"
    assert preview["url"] == f"http://testserver{INCIDENT}"


def test_preview_below_a_path() -> None:
    """Behind a proxy that serves the daemon below a path, picture and address are below it."""
    client = TestClient(make_app(), root_path="/correlator")
    preview = preview_of(client.get(f"/correlator{INCIDENT}").text)
    assert preview["image"] == "http://testserver/correlator/api/v1/incidents/c0ffee5eed/plot.png"


def test_preview_is_text_and_short() -> None:
    """A long explanation is cut; markup in it is text."""
    incident = make_incident(explanation=f"{HOSTILE}{'y' * 500}")
    html = make_client(make_state(incidents=FakeIncidents([incident]))).get(INCIDENT).text
    assert len(preview_of(html)["description"]) == 300
    assert "<img src=x" not in html


def test_episode_has_all_its_victims() -> None:
    """Everybody whom the one cause slowed, by when it began for each; those no longer kept are counted."""
    later = make_incident(id="later", victim=make_victim(pod="b"), started_at=STARTED + timedelta(minutes=2))
    episode = make_episode(incident_ids=("later", "c0ffee5eed", "gone"))
    store = FakeIncidents([later, make_incident()], episodes=[episode])
    page = page_of("/episodes/e9150de", incidents=store)
    assert "Storage contention: 3 incidents" in page
    assert page.index("inference/vllm-7c9f4-x2x8q llama-3.1-8b open") < page.index("inference/b llama-3.1-8b open")
    assert "1 more belong to it." in page
    assert "Culprits rag/reindex-28812345-h8kz2" in page


def test_episode_that_is_over_and_has_nobody_left() -> None:
    """One whose only incident moved to another episode is shown without any."""
    over = make_episode(state=State.RESOLVED, ended_at=STARTED + timedelta(minutes=9), incident_ids=())
    page = page_of("/episodes/e9150de", incidents=FakeIncidents(episodes=[over]))
    assert "Ended 2026-11-23 02:13:15 UTC , after 9 min" in page


def test_volume_says_who_uses_it() -> None:
    """USE now, pods by device time, inference pods, claims with how they are known, the layer below, and its past."""
    below = (LayerNow(volume_id="disk:n2:sda", learnt="sole_member", sure="likely"),)
    snapshot = make_snapshot(
        volumes=(make_volume_now(below=below), make_volume_now(id="disk:n2:sda", name="n2/sda")),
        edges=(make_edge(sure="likely"),),
    )
    page = page_of("/volumes/disk:n1:nvme0n1", snapshot=snapshot)
    assert page == page_of("/volumes/n1/nvme0n1", snapshot=snapshot)
    assert "Utilization 97 % 97 % Queue depth 31.5" in page
    assert "rag/reindex-28812345-h8kz2 Job/reindex 0.82 s/s 0 B/s 413 MB/s" in page
    assert "inference/vllm-7c9f4-x2x8q slow" in page
    assert "inference/models n1 io seen, likely" in page
    assert "It lies on n2/sda (known by sole member)." in page
    assert "open Storage contention inference/vllm-7c9f4-x2x8q n1/nvme0n1" in page
    assert "Node n1: 62 % of the time something waits for storage, 44 % everything does." in page


def test_volume_that_is_no_longer_watched_has_its_past() -> None:
    """Before the first cycle, and when a disk is gone."""
    state = replace(make_state(), snapshot=lambda: None)
    page = words_of(make_client(state).get("/volumes/n1/nvme0n1").text)
    assert "It is not watched now" in page
    assert "Storage contention" in page


def test_victim_says_how_it_does() -> None:
    """First tokens against what is usual for each model, the volumes in use with who else is on them, and its past."""
    twice = (make_victim_now(), make_victim_now(model_name="other", regressed_since=None, ttft=()))
    page = page_of("/victims/inference/vllm-7c9f4-x2x8q", snapshot=make_snapshot(victims=twice))
    assert "llama-3.1-8b slow: see the incident TTFT p50 171 ms usually 48 ms" in page
    assert "other well TTFT no first tokens seen" in page
    assert "n1/nvme0n1 disk Utilization 97 %" in page
    assert "rag/reindex-28812345-h8kz2 0.82 s/s" in page
    assert "The newest incidents of this pod" in page


def test_victim_of_another_symptom() -> None:
    """A database has no first tokens; what is watched of it stands in its own unit."""
    snapshot = make_snapshot(victims=(make_database_now(),))
    page = page_of("/victims/memory/pg-0", snapshot=snapshot)
    assert "Time per transaction 80 ms usually 4 ms" in page
    assert "Now slow" in page
    assert "TTFT" not in page


def test_pages_of_now_do_without_the_store() -> None:
    """While the store fails the rest is still true, and no past is denied."""
    store = FakeIncidents()
    store.fail_with = StoreBusyError("/data/store.db", "locked", "try again")
    for path in ("/volumes/n1/nvme0n1", "/victims/inference/vllm-7c9f4-x2x8q"):
        page = page_of(path, incidents=store)
        assert "Incidents cannot be read now." in page
        assert "31.5" in page


def test_one_cause_is_one_card() -> None:
    """On the overview the victims of one episode stand together; the surest speaks for all."""
    many = [
        make_incident(id=f"i{rank}", confidence=0.9 + rank / 100, victim=make_victim(pod=f"p{rank}"))
        for rank in range(8)
    ]
    alone = make_incident(id="alone", episode_id="alone", victim=make_victim(pod="solo"))
    html = make_client(make_state(incidents=FakeIncidents([*many, alone]))).get("/").text
    assert html.count("<article") == 2
    page = words_of(html)
    assert "9 open incidents" in page
    assert "Storage contention on n1/nvme0n1: 8 victims" in page
    assert "Confidence 97 % Victims inference/p7" in page
    assert "and 2 more" in page
    assert '<a href="/episodes/e9150de">' in html


def test_filters_are_applied_and_bad_ones_said() -> None:
    """The list is of what was asked for; with a value that cannot be read nothing is listed, and it is said which."""
    client = make_client()
    assert "No incident matches." in words_of(client.get("/?verdict=load").text)
    assert "1 open incident" in words_of(client.get("/?verdict=load").text)
    bad = client.get("/?min_confidence=2&nmaespace=x")
    page = words_of(bad.text)
    assert bad.status_code == 422
    assert "Confidence at least (0 to 1) : Input should be less than or equal to 1. Nothing is listed" in page
    assert "There is no filter nmaespace : nothing is filtered by it." in page
    assert "<tbody><tr" not in bad.text
    assert client.get("/?cursor=nonsense").status_code == 422
