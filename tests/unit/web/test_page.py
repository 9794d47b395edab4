"""The page as HTML: what it says in each state, and that labels stay text."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient

from correlator.incidents.errors import StoreBusyError
from correlator.model.finding import NO_TTFT, EndReason, MeanExcess, SymptomEffect, Verdict
from correlator.model.frame import BlindSpot
from correlator.model.incident import Feedback, State
from tests.factories import (
    HOSTILE,
    STARTED,
    make_considered,
    make_episode,
    make_incident,
    make_reasoned_evidence,
    make_ruled_out,
    make_suspect,
    make_unattributed,
    make_victim,
    make_volume,
)
from tests.snapshots import make_database_now, make_pod_on_volume, make_snapshot, make_victim_now, make_volume_now
from tests.unit.web.fakes import NOW, FakeIncidents, make_app, make_client, make_state, make_status

INCIDENT = "/incidents/c0ffee5eed"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def words_of(html: str) -> str:
    """The text of a page with single spaces, as a reader sees it."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def page_of(path: str = "/", **state: object) -> str:
    """The text of a page over a state."""
    answer = make_client(make_state(**state)).get(path)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return words_of(answer.text)


def test_overview_names_verdict_volume_and_culprit() -> None:
    """The first thing on the page is the open incident: what, where, who, since when, how sure."""
    page = page_of()
    assert "1 open incident" in page
    assert "Storage contention on n1/nvme0n1" in page
    assert "Culprit rag/reindex-28812345-h8kz2" in page
    assert "Confidence 97 %" in page
    assert "75 ms → 242 ms" in page
    assert "2026-11-23 02:04:15 UTC (6 min)" in page


def test_overview_shows_volumes_victims_and_blind_spots() -> None:
    """Volumes with their pods, victims with their baseline, blind spots with their reason."""
    page = page_of()
    assert "n1/nvme0n1 disk 31.5 97 % 97 % 9.4 ms 12.1 ms" in page.replace("  ", " ")
    assert "rag/reindex-28812345-h8kz2 0.82 s/s, reads 0 B/s, writes 413 MB/s" in page
    assert "logging/vector-9zk4l not known, reads" in page
    assert "major timeouts" in page
    assert "p95 242 ms 75 ms" in page
    assert "A signal of the source is not seen: node n1 has no series" in page


def test_past_incidents_are_listed() -> None:
    """Resolved incidents are listed with state, verdict and how long they lasted."""
    past = make_incident(
        id="past", state=State.RESOLVED, verdict=Verdict.LOAD, ended_at=STARTED + timedelta(minutes=12), suspects=()
    )
    page = page_of(incidents=FakeIncidents([past]), snapshot=make_snapshot(victims=(make_victim_now(),)))
    assert "No incident is open." in page
    assert "resolved Load inference/vllm-7c9f4-x2x8q n1/nvme0n1 – 97 % 12 min" in page


def test_demo_is_said_first() -> None:
    """A recording is never mistaken for the reader's own cluster."""
    assert "DEMO" in page_of(status=make_status(demo=True))
    assert "DEMO" not in page_of()


def test_nothing_watched_says_what_to_do() -> None:
    """Without victims or volumes the page says why and how to find out more."""
    page = page_of(incidents=FakeIncidents(), snapshot=make_snapshot(volumes=(), victims=(), blind_spots=()))
    assert "No pod is watched" in page
    assert "No volume is known" in page
    assert "correlator check says what is missing" in page
    assert "None: every signal that a verdict needs is there." in page


def test_well_says_so() -> None:
    """When all victims are well and nothing is open, the headline says that."""
    well = make_snapshot(victims=(make_victim_now(regressed_since=None),))
    assert "First tokens are as fast as usual" in page_of(incidents=FakeIncidents(), snapshot=well)


def test_not_ready_says_why() -> None:
    """Before the first cycle, and with a source that is down, the page says so instead of showing emptiness."""
    state = make_state(incidents=FakeIncidents(), status=make_status(problems=("http://prometheus:9090 is down",)))
    page = words_of(make_client(replace(state, snapshot=lambda: None)).get("/").text)
    assert "Not ready" in page
    assert "http://prometheus:9090 is down" in page
    assert "no cycle of the engine has finished yet" in page
    assert "as fast as usual" not in page


def test_failing_store_does_not_take_the_page_away() -> None:
    """While the store fails the page does not claim that there are no incidents, and shows the rest."""
    store = FakeIncidents()
    store.fail_with = StoreBusyError("/data/store.db", "locked", "try again")
    page = page_of(incidents=store)
    assert "Incidents cannot be read now." in page
    assert "the store of incidents does not answer: /data/store.db: locked" in page
    assert "n1/nvme0n1" in page


def test_long_lists_are_cut_and_say_so() -> None:
    """The page shows the worst of many, and links to the rest."""
    snapshot = make_snapshot(
        volumes=tuple(make_volume_now(id=f"v{rank}", name=f"v{rank}") for rank in range(40)),
        victims=tuple(make_victim_now(pod=f"p{rank}") for rank in range(70)),
    )
    many = [
        make_incident(id=f"i{rank}", episode_id=f"e{rank}", victim=make_victim(pod=f"p{rank}")) for rank in range(60)
    ]
    page = page_of(incidents=FakeIncidents(many), snapshot=snapshot)
    assert "60 open incidents" in page
    assert "40 more are in the list of open incidents" in page
    assert "15 more are in the full list" in page
    assert "20 more are in the full list" in page


def test_victim_without_first_tokens() -> None:
    """A victim that gave no first tokens says so instead of showing zeros."""
    snapshot = make_snapshot(victims=(make_victim_now(ttft=(), volume_ids=()),))
    page = page_of(snapshot=snapshot)
    assert "no first tokens seen" in page
    assert "none known" in page


def test_other_symptoms_are_listed_in_their_unit() -> None:
    """A database, which has no first tokens, and what is usual for it."""
    page = words_of(page_of(incidents=FakeIncidents(), snapshot=make_snapshot(victims=(make_database_now(),))))
    assert "memory/pg-0" in page
    assert "worse time per transaction 80 ms 4 ms" in page


def test_incident_tells_all_there_is() -> None:
    """Explanation, suspects, USE before and during, the split of the excess, advice, blind spots."""
    page = page_of(INCIDENT)
    assert "rag/reindex-28812345-h8kz2 carries 94 % of the added device time" in page
    assert "120 kB/s → 413 MB/s" in page
    assert "Queue depth 0.3 31.5" in page
    assert "Suspects 160 ms Load 0 ms The victim’s own I/O 0 ms I/O that no pod accounts for 2 ms" in page
    assert "Total 167 ms" in page
    assert "kubectl --namespace rag patch job reindex-28812345" in page
    assert "A signal of the source is not seen: node n1 has no series" in page
    assert "Ran out of throughput" in page


def test_incident_says_which_tier_hurt_which() -> None:
    """Where both are known; otherwise there is no such line."""
    accused = make_suspect(tier="agentic-sandbox")
    known = make_incident(victim=make_victim(tier="model-inference"), suspects=(accused,))
    assert "Tiers agentic-sandbox hurt model-inference" in page_of(INCIDENT, incidents=FakeIncidents([known]))
    unknown = make_incident(victim=make_victim(tier=""), suspects=(accused,))
    assert "Tiers" not in page_of(INCIDENT, incidents=FakeIncidents([unknown]))


def test_another_symptom_is_told_in_its_own_words() -> None:
    """On the overview and on its own page; there is no TTFT to tell of."""
    incident = make_incident(
        victim=make_victim(symptom="etcd_fsync"),
        ttft=NO_TTFT,
        symptom=SymptomEffect(
            name="etcd_fsync",
            quantity="WAL fsync time",
            things="WAL fsyncs",
            unit="seconds",
            statistic="p95",
            baseline=0.002,
            observed=0.034,
            ratio=17.0,
            affected=4100,
            stopped=False,
            silent=False,
        ),
        explanation="An etcd waits.",
    )
    state = FakeIncidents([incident])
    for page in (page_of(incidents=state), page_of(INCIDENT, incidents=state)):
        assert "WAL fsync time, p95 2 ms → 34 ms" in page
        assert "TTFT p95" not in page
    assert "4,100 WAL fsyncs" in page_of(INCIDENT, incidents=state)


def test_incident_says_why_not_the_others() -> None:
    """Who else was on the volume with the number that speaks for each, what was ruled out, and what would have been."""
    incident = make_incident()
    page = page_of(INCIDENT, incidents=FakeIncidents([incident], {incident.id: make_reasoned_evidence()}))
    assert "Why not the others?" in page
    assert "108 smaller ones are not shown" in page
    assert "monitoring/prometheus-0 StatefulSet/prometheus constant: 2 MB/s before and after 0 % 0.03 → 0.031" in page
    assert "logging/vector-9zk4l DaemonSet/vector added 3 % of the device time 3 %" in page
    assert "Not load : requests went from 4 to 4.1 a second" in page
    assert "without that I/O it would have been about 62 ms" in page
    assert "Ran out of throughput it ran out of throughput: 420 MB/s, steady within 2 %" in page


def test_incident_of_an_older_version_has_no_others() -> None:
    """Evidence that was kept without the others shows no empty table."""
    assert "Why not the others?" not in page_of(INCIDENT)


def test_incident_shows_its_picture_with_words_for_it() -> None:
    """Without a script the picture is on the page, and its meaning is there for those who cannot see it."""
    html = make_client().get(INCIDENT).text
    assert '<img src="/api/v1/incidents/c0ffee5eed/plot.svg" alt="Four panels over one time axis' in html
    assert "Time to first token: p50 47.7 ms before, 169 ms during, at most 202 ms" in unescape(html)


def test_incident_without_series_says_so() -> None:
    """Where no curves are kept there is no empty chart, and nothing is fetched to draw one."""
    html = make_client(make_state(incidents=FakeIncidents([make_incident()]))).get(INCIDENT).text
    assert "No series are kept for this incident." in html
    assert "uPlot" not in html


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_page(verdict: Verdict) -> None:
    """Each verdict is shown when nothing else is known: no volume, no USE, no suspect, no split, no model."""
    ttft = replace(make_incident().ttft, stalled=True, ratio=None, mean_excess_seconds=MeanExcess(total=None))
    bare = make_incident(
        verdict=verdict,
        volume=None,
        use=None,
        suspects=(),
        blind_spots=(),
        advice=(),
        reasons=(),
        ttft=ttft,
        victim=make_victim(model_name="", workload="", node="", tier=""),
    )
    store = FakeIncidents([bare])
    page = page_of(INCIDENT, incidents=store)
    assert "nobody is accused" in page
    assert "no first tokens while requests wait" in page
    assert "nobody is accused" in page_of("/", incidents=store)


def test_resolved_incident_says_how_it_ended() -> None:
    """An incident that is over says when, after how long and why."""
    past = make_incident(
        state=State.RESOLVED, ended_at=STARTED + timedelta(minutes=12), end_reason=EndReason.NEW_NORMAL
    )
    html = make_client(make_state(incidents=FakeIncidents([past]))).get(INCIDENT).text
    assert "resolved new normal" in words_of(html)
    assert "Ended 2026-11-23 02:16:15 UTC , after 12 min" in words_of(html)


def test_siblings_of_an_episode_are_linked() -> None:
    """An incident that shares its cause with others leads to all of them in one view."""
    store = FakeIncidents([make_incident()], episodes=[make_episode(incident_ids=("c0ffee5eed", "other"))])
    html = make_client(make_state(incidents=store)).get(INCIDENT).text
    assert "One cause explains 2 incidents" in words_of(html)
    assert '<a href="/episodes/e9150de">all its victims in one view</a>' in html


@pytest.mark.parametrize(
    ("pods", "kept", "said"),
    [
        (("a",), 1, "Storage contention: 1 victim"),
        (("a", "b"), 2, "Storage contention: 2 victims"),
        (("a", "a", "a"), 3, "Storage contention: 1 victim, 3 incidents"),
        (("a", "b", "a"), 3, "Storage contention: 2 victims, 3 incidents"),
        (("a", "b"), 7, "Storage contention: 7 incidents"),
    ],
)
def test_a_victim_that_suffers_again_is_one_victim(pods: tuple[str, ...], kept: int, said: str) -> None:
    """An episode counts victims and incidents apart; where not all of them are at hand, incidents alone."""
    incidents = [make_incident(id=f"i{rank}", victim=make_victim(pod=pod)) for rank, pod in enumerate(pods)]
    episode = make_episode(incident_ids=tuple(f"i{rank}" for rank in range(kept)))
    html = make_client(make_state(incidents=FakeIncidents(incidents, episodes=[episode]))).get("/episodes/e9150de").text
    assert f"<h1>{said}</h1>" in html
    assert f"<title>{said} –" in html


def test_open_incidents_of_one_victim_are_not_many_victims() -> None:
    """Two that share a cause and a victim, such as first tokens and tokens per second."""
    store = FakeIncidents([make_incident(), make_incident(id="second")])
    assert "2 incidents of one victim" in words_of(page_of(incidents=store))


def test_dependency_is_said() -> None:
    """A volume that the victim reaches only through another pod is told as such."""
    incident = make_incident(volume=make_volume(via="depends_on", bound=None), suspects=(make_unattributed(),))
    page = page_of(INCIDENT, incidents=FakeIncidents([incident]))
    assert "a volume of a pod that the victim depends on" in page
    assert "Ran out of not known" in page


def test_unknown_incident_is_a_page_too() -> None:
    """A link to an incident that is no longer kept explains itself."""
    answer = make_client().get("/incidents/nope")
    assert answer.status_code == 404
    assert "No incident nope is known" in words_of(answer.text)


def test_feedback_form_keeps_what_was_said() -> None:
    """The form works without a script: it is kept, and the page shows it."""
    client = make_client()
    body = "verdict_right=no&culprits=a%2Fb%0D%0Ac%2Fd%0D%0A&note=it+was+%3Cthe%3E+backup"
    answer = client.post(f"{INCIDENT}/feedback", content=body, headers={**FORM, "origin": "http://testserver"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{INCIDENT}#feedback")
    kept = client.get("/api/v1/incidents/c0ffee5eed").json()["feedback"]
    assert kept == {
        "verdict_right": False,
        "culprits": ["a/b", "c/d"],
        "note": "it was <the> backup",
        "given_at": f"{NOW:%Y-%m-%dT%H:%M:%S}Z",
    }
    page = words_of(client.get(INCIDENT).text)
    assert "the verdict is wrong ; culprits: a/b, c/d. “it was <the> backup”" in page


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("note=neither right nor wrong", "verdict_right"),
        ("verdict_right=yes&culprits=nonsense", "culprits.0"),
        (f"verdict_right=yes&note={'x' * 10_001}", "note"),
    ],
)
def test_bad_feedback_names_the_field(body: str, field: str) -> None:
    """A form that cannot be used is a 422 that names the field; nothing said is not taken for wrong."""
    answer = make_client().post(f"{INCIDENT}/feedback", content=body, headers=FORM)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    """Another site cannot give feedback through the browser of someone who may."""
    answer = make_client().post(f"{INCIDENT}/feedback", content="verdict_right=yes", headers={**FORM, **headers})
    assert answer.status_code == 403


def test_feedback_on_unknown_incident_is_404() -> None:
    """A form for an incident that nobody knows keeps nothing."""
    answer = make_client().post("/incidents/nope/feedback", content="verdict_right=yes", headers=FORM)
    assert answer.status_code == 404


def test_hostile_values_are_escaped_everywhere() -> None:
    """Whatever a label holds, it is never markup: not on the overview, not on the incident, not in an attribute."""
    suspect = make_suspect(namespace=HOSTILE, pod=HOSTILE, workload=HOSTILE, node=HOSTILE)
    incident = make_incident(
        suspects=(suspect,),
        victim=make_victim(namespace=HOSTILE, pod=HOSTILE, model_name=HOSTILE),
        volume=make_volume(name=HOSTILE, bound=HOSTILE),
        explanation=HOSTILE,
        reasons=(HOSTILE,),
        blind_spots=(BlindSpot(HOSTILE, HOSTILE),),
        feedback=Feedback(verdict_right=True, culprits=(HOSTILE,), note=f"</textarea>{HOSTILE}"),
    )
    volume = make_volume_now(name=HOSTILE, kind=HOSTILE, errors=(HOSTILE,), pods=(make_pod_on_volume(pod=HOSTILE),))
    victim = make_victim_now(namespace=HOSTILE, pod=HOSTILE, model_name=HOSTILE, volume_ids=(HOSTILE,))
    snapshot = make_snapshot(volumes=(volume,), victims=(victim,), blind_spots=(BlindSpot(HOSTILE, HOSTILE),))
    status = make_status(source=HOSTILE, cluster=HOSTILE, problems=(HOSTILE,))
    other = make_considered(namespace=HOSTILE, pod=HOSTILE, workload=HOSTILE, sentence=HOSTILE)
    evidence = replace(
        make_reasoned_evidence(), considered=(other,), ruled_out=(make_ruled_out(cause=HOSTILE, sentence=HOSTILE),)
    )
    known = FakeIncidents([incident], {incident.id: evidence})
    client = make_client(make_state(incidents=known, snapshot=snapshot, status=status))
    for path in ("/", INCIDENT, f"/incidents/{HOSTILE.replace('/', '')}"):
        html = client.get(path).text
        assert "<img src=x" not in html
        assert 'onerror="' not in html
        assert "&lt;img src=x onerror=&#34;" in html


def test_names_do_not_turn_the_text_around_them() -> None:
    """A character that reverses what follows is shown instead of obeyed, also in attributes; letters stay."""
    victim = make_victim(pod="a\u202eexe.b", model_name="שלום")
    incident = make_incident(victim=victim, explanation="\u2066x")
    client = make_client(make_state(incidents=FakeIncidents([incident]), snapshot=make_snapshot(victims=())))
    for path in ("/", INCIDENT):
        html = client.get(path).text
        assert not {"\u202e", "\u2066"}.intersection(html)
        assert "inference/a�exe.b" in html
    assert "שלום" in html


def test_page_below_a_path_links_below_it() -> None:
    """Behind a proxy that serves the daemon below a path, links lead below that path."""
    client = TestClient(make_app(), root_path="/correlator", follow_redirects=False)
    for path in ("/correlator/", f"/correlator{INCIDENT}", "/correlator/docs"):
        links = re.findall(r'(?:href|src|action|data-stream|data-evidence)="(/[^"]*)"', client.get(path).text)
        assert links
        assert all(link.startswith("/correlator/") for link in links)
    answer = client.post(f"/correlator{INCIDENT}/feedback", content="verdict_right=yes", headers=FORM)
    assert answer.headers["location"] == f"/correlator{INCIDENT}#feedback"
