"""Logs beside an incident: as data and on its page."""

from pydantic import TypeAdapter

from correlator.incidents.errors import StoreBusyError
from correlator.model.frame import BlindSpot
from correlator.model.logs import LogEvidence, LogLine
from tests.factories import HOSTILE, STARTED, make_logs, make_pod_logs
from tests.unit.web.fakes import make_client, make_state, make_store
from tests.unit.web.test_page import INCIDENT, page_of, words_of

EVIDENCE = "/api/v1/incidents/c0ffee5eed/evidence"


def with_logs(logs: LogEvidence) -> dict[str, object]:
    """A state whose one incident has them."""
    incidents = make_store()
    incidents.logs_of["c0ffee5eed"] = logs
    return {"incidents": incidents}


def test_evidence_has_them() -> None:
    """Counts, ratio, lines and blind spots under the model's names, beside the series."""
    body = make_client(make_state(**with_logs(make_logs()))).get(EVIDENCE).json()  # type: ignore[arg-type]
    assert body["series"]
    assert TypeAdapter(LogEvidence).validate_python(body["logs"]) == make_logs()
    victim = body["logs"]["pods"][0]
    assert (victim["role"], victim["errors_before"], victim["errors_after"]) == ("victim", 2, 60)
    assert victim["lines"] == [{"at": "2026-11-23T02:04:20Z", "text": "ERROR request 17 timed out"}]
    assert body["logs"]["pods"][1]["errors_after"] is None


def test_evidence_is_null_until_somebody_looked() -> None:
    """No Loki, or not yet: null is what is not known."""
    assert make_client().get(EVIDENCE).json()["logs"] is None


def test_incident_itself_is_untouched() -> None:
    """The verdict and its explanation are the engine's alone."""
    one = "/api/v1/incidents/c0ffee5eed"
    assert make_client(make_state(**with_logs(make_logs()))).get(one).json() == make_client().get(one).json()  # type: ignore[arg-type]


def test_page_says_what_rose_and_quotes_it() -> None:
    """The sentence beside the explanation, the counts by pod, the lines, and what could not be seen."""
    page = page_of(INCIDENT, **with_logs(make_logs()))
    assert "errors rose 112 × at the onset." in page
    assert "inference/vllm-7c9f4-x2x8q victim 2 → 60 errors rose 112 × at the onset: 2 in 30 min before" in page
    assert "2026-11-23 02:04:20 UTC ERROR request 17 timed out" in page
    assert "reindex-28812345-h8kz2 accused – → – no log lines" in page
    assert "logs : Loki has no line of rag/reindex-28812345-h8kz2" in page


def test_page_without_logs_does_not_speak_of_them() -> None:
    """Where no Loki is set there is no empty section."""
    assert 'id="logs"' not in make_client().get(INCIDENT).text


def test_page_says_why_there_are_none() -> None:
    """A Loki that could not be asked is a reason, not a silence."""
    failed = make_logs(pods=(), sentence="", blind_spots=(BlindSpot("logs", "http://loki:3100 answered 503"),))
    page = page_of(INCIDENT, **with_logs(failed))
    assert "http://loki:3100 answered 503" in page


def test_lines_stay_text() -> None:
    """Whatever a pod writes, and whatever it is called, is never HTML."""
    line = LogLine(at=STARTED, text=f"ERROR {HOSTILE} </code></pre><script>alert(1)</script>")
    pod = make_pod_logs(pod=HOSTILE, sentence=HOSTILE, lines=(line,))
    logs = make_logs(pods=(pod,), sentence=HOSTILE, blind_spots=(BlindSpot("logs", HOSTILE),))
    html = make_client(make_state(**with_logs(logs))).get(INCIDENT).text  # type: ignore[arg-type]
    assert HOSTILE not in html
    assert "<script>alert" not in html
    assert "</code></pre><script>alert(1)</script>" in words_of(html)


def test_store_that_fails_is_said() -> None:
    """Not a traceback."""
    incidents = make_store()
    incidents.fail_with = StoreBusyError("store.db", "is locked", "try again")
    assert make_client(make_state(incidents=incidents)).get(EVIDENCE).status_code == 503
