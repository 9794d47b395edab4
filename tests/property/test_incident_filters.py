"""Filters of the store against a naive filter over a list."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.incidents.book import Book, advance
from correlator.incidents.query import EpisodeQuery, IncidentQuery
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.model.finding import EndReason, Finding, Suspect, SuspectKind, Verdict
from correlator.model.incident import Episode, Incident, State
from tests.factories import make_suspect, make_victim, make_volume
from tests.unit.incidents.findings import BEGIN, TEMPLATE, finding, moment, swift_folder

NAMESPACES = ("inference", "rag", "a/b", "%")
PODS = ("vllm-0", "vllm-1", "reindex", "Job/reindex", "é'\"")
NODES = ("n1", "n2", "")
VOLUMES = ("disk:n1:sda", "disk:n2:sda", "reindex")

suspects = st.builds(
    make_suspect,
    kind=st.sampled_from(SuspectKind),
    namespace=st.sampled_from(NAMESPACES),
    pod=st.sampled_from(PODS),
    workload=st.sampled_from(("", "Job/reindex", "vllm-0")),
    node=st.sampled_from(NODES),
    accused=st.booleans(),
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """A regression, over or not, at one of twenty steps."""
    detected = draw(st.integers(0, 20)) * 15
    over = draw(st.booleans())
    volume = draw(st.sampled_from((None, *VOLUMES)))
    return replace(
        TEMPLATE,
        at=moment(detected),
        detected_at=moment(detected),
        started_at=moment(detected - 30),
        ended_at=moment(detected - 15) if over else None,
        end_reason=EndReason.RECOVERED if over else None,
        victim=make_victim(
            namespace=draw(st.sampled_from(NAMESPACES)),
            pod=draw(st.sampled_from(PODS)),
            node=draw(st.sampled_from(NODES)),
        ),
        verdict=draw(st.sampled_from(Verdict)),
        confidence=draw(st.sampled_from((0.0, 0.3, 0.8, 1.0))),
        volume=None if volume is None else make_volume(id=volume, name=draw(st.sampled_from(VOLUMES)), node="n2"),
        suspects=tuple(draw(st.lists(suspects, max_size=3))),
    )


def optional(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Mostly nothing, so that combinations of filters still find something."""
    return st.one_of(st.none(), st.none(), values)


names = [*PODS, *[f"{namespace}/{pod}" for namespace in NAMESPACES for pod in PODS], "n1", "unattributed", ""]
instants = st.integers(-2, 22).map(lambda step: moment(15 * step))
queries = st.builds(
    IncidentQuery,
    state=optional(st.sampled_from(State)),
    verdict=optional(st.sampled_from(Verdict)),
    cluster=optional(st.sampled_from(("blue", "green"))),
    namespace=optional(st.sampled_from(NAMESPACES)),
    pod=optional(st.sampled_from(PODS)),
    suspect=optional(st.sampled_from(names)),
    node=optional(st.sampled_from(NODES)),
    volume=optional(st.sampled_from((*VOLUMES, "x"))),
    since=optional(instants),
    until=optional(instants),
    min_confidence=optional(st.sampled_from((0.0, 0.3, 0.5, 1.0))),
)
episode_queries = st.builds(
    EpisodeQuery,
    state=optional(st.sampled_from(State)),
    verdict=optional(st.sampled_from(Verdict)),
    cluster=optional(st.sampled_from(("blue", "green"))),
    since=optional(instants),
    until=optional(instants),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the stores of all examples are."""
    with swift_folder() as name:
        yield Path(name)


@settings(max_examples=60)
@given(
    st.lists(findings(), max_size=30),
    st.lists(findings(), max_size=10),
    st.lists(queries, min_size=5, max_size=10),
    episode_queries,
    st.integers(1, 7),
)
def test_every_combination_of_filters_finds_what_a_plain_loop_finds(
    folder: Path,
    blue: list[Finding],
    green: list[Finding],
    asked: list[IncidentQuery],
    asked_of_episodes: EpisodeQuery,
    limit: int,
) -> None:
    """Whatever is stored and asked, the pages put together are the loop's answer, newest first, without doubles."""
    path = folder / "store.db"
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (folder / name).unlink(missing_ok=True)
    with Store.open(path) as store, Incidents.open(path) as incidents:
        stored: list[Incident] = []
        episodes: list[tuple[Episode, int]] = []
        for cluster, told in (("blue", blue), ("green", green)):
            kept, of_these = _commit(store, cluster, told)
            stored += kept
            episodes += of_these
        for query in asked:
            expected = sorted((each for each in stored if _matches(each, query)), key=_place, reverse=True)
            assert _all_pages(incidents, query, limit) == expected
            assert list(incidents.every(query)) == expected
        expected_episodes = [
            episode
            for episode, _detected in sorted(episodes, key=lambda each: (each[1], each[0].id), reverse=True)
            if _episode_matches(episode, _detected, asked_of_episodes)
        ]
        assert list(incidents.episodes(asked_of_episodes, limit=500).items) == expected_episodes


def _commit(store: Store, cluster: str, told: list[Finding]) -> tuple[list[Incident], list[tuple[Episode, int]]]:
    """Commit the findings step by step; what should be stored then."""
    book = Book(cluster=cluster)
    incidents: dict[str, Incident] = {}
    episodes: dict[str, Episode] = {}
    for at in sorted({each.at for each in told}):
        step = advance(book, int(at.timestamp()), [each for each in told if each.at == at])
        store.commit_step(step, b"")
        incidents |= {each.incident.id: each.incident for each in step.transitions}
        episodes |= {each.id: each for each in step.episodes}
        book = step.book
    detected = {each.id: int(each.detected_at.timestamp()) for each in incidents.values()}
    return list(incidents.values()), [
        (each, min(detected[member] for member in each.incident_ids)) for each in episodes.values()
    ]


def _all_pages(incidents: Incidents, query: IncidentQuery, limit: int) -> list[Incident]:
    found: list[Incident] = []
    cursor = None
    while True:
        page = incidents.search(query, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(page.items) == limit


def _place(incident: Incident) -> tuple[object, str]:
    return incident.detected_at, incident.id


def _names(suspect: Suspect) -> set[str]:
    if suspect.kind is SuspectKind.POD:
        return {f"{suspect.namespace}/{suspect.pod}", suspect.pod, suspect.workload} - {""}
    return ({suspect.node} if suspect.kind is SuspectKind.NODE else {"unattributed"}) - {""}


def _matches(incident: Incident, query: IncidentQuery) -> bool:
    volume = incident.volume
    nodes = {incident.victim.node, volume.node if volume else ""} - {""}
    return all(
        (
            query.state in (None, incident.state),
            query.verdict in (None, incident.verdict),
            query.cluster in (None, incident.cluster),
            query.namespace in (None, incident.victim.namespace),
            query.pod in (None, incident.victim.pod),
            query.suspect is None or any(query.suspect in _names(each) for each in incident.suspects),
            query.node is None or query.node in nodes,
            query.volume is None or (volume is not None and query.volume in (volume.id, volume.name)),
            query.since is None or query.since <= incident.detected_at,
            query.until is None or incident.detected_at < query.until,
            query.min_confidence is None or query.min_confidence <= incident.confidence,
        )
    )


def _episode_matches(episode: Episode, detected: int, query: EpisodeQuery) -> bool:
    return all(
        (
            query.state in (None, episode.state),
            query.verdict in (None, episode.verdict),
            query.cluster in (None, episode.cluster),
            query.since is None or query.since.timestamp() <= detected,
            query.until is None or detected < query.until.timestamp(),
        )
    )


def test_a_page_stays_where_it_is_while_newer_incidents_arrive(tmp_path: Path) -> None:
    """Between two pages newer incidents may come: the second page goes on where the first ended."""
    with Store.open(tmp_path / "store.db") as store, Incidents.open(tmp_path / "store.db") as incidents:
        told = [finding(str(n), 15 * n) for n in range(6)]
        first = advance(Book(cluster="c"), BEGIN + 60, told[:5])
        store.commit_step(first, b"")
        page = incidents.search(limit=2)
        store.commit_step(advance(first.book, BEGIN + 75, told[5:]), b"")
        rest = incidents.search(limit=10, cursor=page.next_cursor)
        assert [each.victim.pod for each in (*page.items, *rest.items)] == ["4", "3", "2", "1", "0"]
