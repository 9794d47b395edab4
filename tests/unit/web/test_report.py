"""`/api/v1/incidents/{id}/report`: which format, which picture, which headers."""

from dataclasses import replace

import pytest

from correlator.incidents.lifecycle import TransitionKind
from correlator.web.routers.report import ReportFormat, preferred
from tests.factories import HOSTILE, make_episode, make_evidence, make_incident, make_logs, make_victim
from tests.unit.web.fakes import FakeIncidents, make_client, make_state, make_status

REPORT = "/api/v1/incidents/c0ffee5eed/report"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


def test_is_markdown_with_a_link_to_the_picture() -> None:
    """What is pasted into a wiki: text, and a picture by its address."""
    answer = make_client().get(REPORT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"] == 'inline; filename="incident-c0ffee5eed.md"'
    assert answer.text.startswith("# Storage contention on n1/nvme0n1")
    assert "](http://testserver/api/v1/incidents/c0ffee5eed/plot.png)" in answer.text


def test_a_browser_gets_one_html_file() -> None:
    """With the picture inside, nothing to load and nothing that runs."""
    answer = make_client().get(REPORT, headers={"accept": BROWSER})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == 'inline; filename="incident-c0ffee5eed.html"'
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert 'src="data:image/png;base64,iVBOR' in answer.text
    assert "<script" not in answer.text


def test_parameters_win() -> None:
    """`format` over Accept; the picture inside Markdown, or outside HTML, where that is wanted."""
    client = make_client()
    inline = client.get(REPORT, params={"format": "markdown", "picture": "inline"}, headers={"accept": BROWSER})
    assert "](data:image/png;base64,iVBOR" in inline.text
    linked = client.get(REPORT, params={"format": "html", "picture": "link"})
    assert 'src="http://testserver/api/v1/incidents/c0ffee5eed/plot.png"' in linked.text
    assert client.get(REPORT, params={"format": "pdf"}).status_code == 422


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", ReportFormat.MARKDOWN),
        ("*/*", ReportFormat.MARKDOWN),
        (BROWSER, ReportFormat.HTML),
        ("text/markdown, text/html;q=0.5", ReportFormat.MARKDOWN),
        ("text/html;q=0.9, text/markdown;q=0.1", ReportFormat.HTML),
        ("text/html;q=0", ReportFormat.MARKDOWN),
        ("text/html;q=oops", ReportFormat.MARKDOWN),
        ("TEXT/HTML", ReportFormat.HTML),
    ],
)
def test_accept_is_weighed(accept: str, wanted: ReportFormat) -> None:
    """HTML only where it is named, and before Markdown."""
    assert preferred(accept) is wanted


@pytest.mark.parametrize("form", list(ReportFormat))
def test_is_not_sent_again_while_nothing_changed(form: ReportFormat) -> None:
    """What is in it decides: logs that were found later are news, though the incident is the same."""
    store, asked = FakeIncidents([make_incident()]), {"format": form.value}
    client = make_client(make_state(incidents=store))
    tag = client.get(REPORT, params=asked).headers["etag"]
    again = client.get(REPORT, params=asked, headers={"if-none-match": f'"elsewhere", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    store.logs_of["c0ffee5eed"] = make_logs()
    later = client.get(REPORT, params=asked, headers={"if-none-match": tag})
    assert later.status_code == 200
    assert later.headers["etag"] != tag


def test_unknown_incident_is_a_problem() -> None:
    """Not an empty report."""
    answer = make_client().get("/api/v1/incidents/nobody/report")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no incident 'nobody' is known"


def test_tells_the_store_s_events_and_the_other_victims() -> None:
    """The timeline comes from what happened to the incident, its episode from the store."""
    incident, other = make_incident(), make_incident(id="other", victim=make_victim(pod="vllm-2"))
    store = FakeIncidents([], {incident.id: make_evidence()}, [make_episode(incident_ids=(incident.id, "other"))])
    store.happen(TransitionKind.OPENED, replace(incident, updated_at=incident.detected_at))
    store.happen(TransitionKind.UPDATED, incident)
    store.happen(TransitionKind.OPENED, other)
    text = make_client(make_state(incidents=store, status=make_status(demo=True))).get(REPORT).text
    assert "| 2026-11-23 02:04:45 | Incident opened |" in text
    assert "| 2026-11-23 02:10:15 | Looked at again |" in text
    assert "| inference/vllm-2 |" in text
    assert "> **DEMO" in text


def test_file_name_is_safe() -> None:
    """An id that is no id of ours cannot break out of the header."""
    identity = 'a";\r\nx: y'
    client = make_client(make_state(incidents=FakeIncidents([make_incident(id=identity)])))
    answer = client.get("/api/v1/incidents/a%22;%0D%0Ax:%20y/report")
    assert answer.headers["content-disposition"] == 'inline; filename="incident-a----x--y.md"'


def test_html_escapes_names() -> None:
    """Markup in a name is text."""
    incident = make_incident(victim=make_victim(pod=HOSTILE), explanation=f"{HOSTILE}. {HOSTILE}")
    client = make_client(make_state(incidents=FakeIncidents([incident])))
    text = client.get(REPORT, params={"format": "html"}).text
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_incidents_link_to_their_report() -> None:
    """JSON and page lead there."""
    client = make_client()
    assert client.get("/api/v1/incidents/c0ffee5eed").json()["links"]["report"] == REPORT
    assert f"{REPORT}?format=html" in client.get("/incidents/c0ffee5eed").text
