"""The loop that lists and watches, on a real loopback server: every way in which it may break."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import CoreV1Api
from kubernetes.config import new_client_from_config
from kubernetes.watch import Watch

from correlator.kubernetes.connection import Connection, from_kubeconfig
from correlator.kubernetes.errors import ApiError
from correlator.kubernetes.follow import Follower
from correlator.kubernetes.pace import Pace
from correlator.kubernetes.resources import LONGHORN_REPLICAS, NAMESPACES, PODS, RESOURCES
from correlator.kubernetes.table import Table
from tests.kubernetes_api import Api, Handler, Server, kubeconfig, named, pod, serving

PODS_PATH = "/api/v1/pods"
QUICK = Pace(page=3, watch=(20, 20), grace=1.0, short_watch=0.02, first_pause=0.02, longest_pause=0.1, when_refused=0.1)
SILENT = Pace(page=3, watch=(0, 0), grace=0.3, short_watch=0.02, first_pause=0.02, longest_pause=0.1)


def connect_to(server: Server, folder: Path, token: str = "") -> Callable[[], Connection]:
    """Connections by a kubeconfig file."""
    path = folder / "kubeconfig"
    path.write_text(kubeconfig(server.url, token))
    return lambda: from_kubeconfig(path, "")


@contextmanager
def following(server: Server, folder: Path, *, resource: str = PODS, pace: Pace = QUICK) -> Iterator[Follower]:
    """A follower at work."""
    chosen = next(each for each in RESOURCES if each.name == resource)
    follower = Follower(chosen, Table(3600), connect_to(server, folder), time.time, random.Random(1), pace)
    thread = threading.Thread(target=follower.run)
    thread.start()
    try:
        yield follower
    finally:
        follower.stop()
        thread.join(timeout=20)
        assert not thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to hold")


def names(follower: Follower) -> set[str]:
    """The names that are held."""
    return {record.name for record in follower.table.held()[0]}


def watches(server: Server) -> int:
    """How many watches were begun."""
    return sum("watch" in query for _, query, _ in server.asked)


@pytest.fixture
def api() -> Api:
    """Seven pods."""
    made = Api()
    for index in range(7):
        made.put(PODS_PATH, pod(f"p{index}"))
    return made


def test_lists_by_pages_and_follows_changes(api: Api, tmp_path: Path) -> None:
    """Seven pods in pages of three; what is added, changed and deleted afterwards arrives by the watch."""
    with serving(api) as server, following(server, tmp_path) as follower:
        until(lambda: len(names(follower)) == 7)
        assert [query.get("limit") for _, query, _ in server.asked[:3]] == ["3", "3", "3"]
        assert len({query.get("continue") for _, query, _ in server.asked[:3]}) == 3
        api.put(PODS_PATH, pod("new"))
        api.put(PODS_PATH, pod("p1", node="n9"))
        api.delete(PODS_PATH, "uid-ai-p0")
        until(lambda: names(follower) == {"new", *(f"p{index}" for index in range(1, 7))})
        assert {record.place.node for record in follower.table.held()[0] if record.name == "p1"} == {"n9"}
        assert [record.name for record, _ in follower.table.held()[1]] == ["p0"]
        assert follower.state.lists == 1


def test_metadata_is_enough_for_namespaces(tmp_path: Path) -> None:
    """Of objects whose spec does not matter only the metadata is asked for, in lists and watches."""
    api = Api()
    api.put("/api/v1/namespaces", named("ai", labels={"correlator-tier": "inference", "team": "a"}))
    with serving(api) as server, following(server, tmp_path, resource=NAMESPACES) as follower:
        until(lambda: watches(server) > 0)
        assert [(record.name, record.correlator_tier) for record in follower.table.held()[0]] == [("ai", "inference")]
        assert all("PartialObjectMetadata" in accept for _, _, accept in server.asked)


def test_begins_anew_when_the_history_is_gone(api: Api, tmp_path: Path) -> None:
    """410 as an event of the watch: the list is taken anew, at once and without a complaint."""
    with serving(api) as server, following(server, tmp_path) as follower:
        until(lambda: watches(server) == 1)
        with api.changed:
            api.objects[PODS_PATH].pop("uid-ai-p3")  # nobody was told
            api.compact()
            api.changed.notify_all()
        until(lambda: follower.state.lists == 2 and "p3" not in names(follower))
        assert follower.state.problem == ""


def test_begins_anew_when_a_watch_is_refused_as_too_old(api: Api, tmp_path: Path) -> None:
    """410 as an answer to the watch's request."""
    with serving(api) as server:
        server.faults[PODS_PATH] = [None, None, None, lambda handler: handler.send_body(410, b"{}")]
        with following(server, tmp_path) as follower:
            until(lambda: follower.state.lists == 2 and watches(server) == 2)
            assert len(names(follower)) == 7


def test_a_list_whose_token_expires_is_begun_anew(api: Api, tmp_path: Path) -> None:
    """The continue token is too old: from the start, with larger pages, until a list is of one piece."""
    with serving(api) as server:

        def expire(handler: Handler) -> None:
            api.delete(PODS_PATH, "uid-ai-p0")
            api.compact()
            handler.send_body(410, b'{"message":"continue too old"}')

        server.faults[PODS_PATH] = [None, expire]
        with following(server, tmp_path) as follower:
            until(lambda: follower.state.lists == 1)
            assert names(follower) == {f"p{index}" for index in range(1, 7)}
            assert [query.get("limit") for _, query, _ in server.asked[:3]] == ["3", "3", "6"]


def test_bookmarks_carry_the_version_on(api: Api, tmp_path: Path) -> None:
    """A watch that only told bookmarks goes on from the last of them, so that its history is not gone."""
    api.bookmark_seconds = 0.02

    def short(handler: Handler) -> None:
        handler.begin_stream()
        handler.event({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "4711"}}})
        handler.chunk(b"")

    with serving(api) as server:
        server.faults[PODS_PATH] = [None, None, None, short]
        with following(server, tmp_path) as follower:
            until(lambda: watches(server) == 2)
            asked = [query for _, query, _ in server.asked if "watch" in query]
            assert [query["resourceVersion"] for query in asked] == ["107", "4711"]
            assert [query["allowWatchBookmarks"] for query in asked] == ["true", "true"]
            assert follower.state.lists == 1


def test_an_event_may_come_in_pieces(api: Api, tmp_path: Path) -> None:
    """Cut anywhere, two events in one piece: lines count, not pieces."""
    item = {**pod("new"), "metadata": {**pod("new")["metadata"], "resourceVersion": "200"}}
    other = {**item, "metadata": {**item["metadata"], "uid": "u", "name": "other", "resourceVersion": "201"}}
    told = b"".join(json.dumps({"type": "ADDED", "object": each}).encode() + b"\n" for each in (item, other))

    def pieces(handler: Handler) -> None:
        handler.begin_stream()
        for begin, end in ((0, 10), (10, 300), (300, len(told))):
            handler.chunk(told[begin:end])
            time.sleep(0.05)
        handler.chunk(b"")

    with serving(api) as server:
        server.faults[PODS_PATH] = [None, None, None, pieces]
        with following(server, tmp_path) as follower:
            until(lambda: watches(server) == 2)
            assert names(follower) == {"new", "other", *(f"p{index}" for index in range(7))}
            assert follower.state.lists == 1


def test_a_half_open_watch_is_given_up(api: Api, tmp_path: Path) -> None:
    """The server accepts the watch and never says a word: after a while it is begun anew, from where it was."""
    with serving(api) as server:

        def silence(handler: Handler) -> None:
            handler.begin_stream()
            server.stopping.wait(5)

        server.faults[PODS_PATH] = [None, None, None, silence]
        with following(server, tmp_path, pace=SILENT) as follower:
            until(lambda: watches(server) >= 1)
            api.put(PODS_PATH, pod("late"))
            until(lambda: "fell silent" in follower.state.problem)
            until(lambda: watches(server) >= 2)
            assert follower.state.lists == 1
            assert len(names(follower)) == 7


def test_a_cut_connection_is_taken_up_again(api: Api, tmp_path: Path) -> None:
    """Half an event and then nothing: the rest is asked for again from the last whole event."""
    with serving(api) as server:

        def cut(handler: Handler) -> None:
            handler.begin_stream()
            handler.chunk(b'{"type":"ADDED","object":{"metadata":{"uid":"x"')
            handler.close_connection = True
            handler.connection.close()

        server.faults[PODS_PATH] = [None, None, None, cut]
        with following(server, tmp_path) as follower:
            until(lambda: watches(server) == 2)
            api.put(PODS_PATH, pod("new"))
            until(lambda: "new" in names(follower))
            assert follower.state.lists == 1
            assert follower.state.problem == ""


@pytest.mark.parametrize(
    "line",
    [
        b"{not json}\n",
        b"[]\n",
        b'{"type":"MODIFIED","object":{}}\n',
        b'{"type":"PERHAPS","object":{"metadata":{"uid":"u","resourceVersion":"7"}}}\n',
        b'{"type":"ADDED","object":{"metadata":{"uid":"u"}}}\n',
    ],
)
def test_what_cannot_be_read_makes_a_new_list_due(api: Api, tmp_path: Path, line: bytes) -> None:
    """It may have been a change: only a list tells what there is."""
    with serving(api) as server:

        def garble(handler: Handler) -> None:
            handler.begin_stream()
            handler.chunk(line)
            handler.chunk(b"")

        server.faults[PODS_PATH] = [None, None, None, garble]
        with following(server, tmp_path) as follower:
            until(lambda: follower.state.lists == 2)
            assert len(names(follower)) == 7


@pytest.mark.parametrize(
    ("code", "body", "word"),
    [
        (403, b'{"message":"pods is forbidden"}', "pods is forbidden"),
        (404, b"", "says 404"),
        (429, b"slow down", "says 429"),
        (500, b"", "says 500"),
        (200, b"<html>", "no JSON"),
        (200, b"[]", "no JSON object"),
        (200, b'{"items":[]}', "no list"),
    ],
)
def test_a_failed_list_is_said_and_tried_again(api: Api, tmp_path: Path, code: int, body: bytes, word: str) -> None:
    """The server refuses, or answers what is no list: a sentence says so, and later all is well."""
    said: list[str] = []
    with serving(api) as server:
        server.faults[PODS_PATH] = [lambda handler: handler.send_body(code, body)] * 3
        chosen = next(each for each in RESOURCES if each.name == PODS)
        follower = Follower(chosen, Table(3600), connect_to(server, tmp_path), time.time, random.Random(1), QUICK)
        for _ in range(3):
            assert follower.turn() > 0
            said.append(follower.state.problem)
            assert follower.state.is_refused == (code == 403)
        assert follower.turn() == 0.0
        assert word in said[0]
        assert PODS_PATH in said[0]
        assert follower.state.problem == ""
        assert len(names(follower)) == 7
        follower.stop()


def test_pauses_grow_and_heed_the_server(api: Api, tmp_path: Path) -> None:
    """Each failure doubles the pause up to a limit; Retry-After is kept where it is longer."""
    with serving(api) as server:
        chosen = next(each for each in RESOURCES if each.name == PODS)
        follower = Follower(chosen, Table(3600), connect_to(server, tmp_path), time.time, random.Random(1), Pace())
        server.faults[PODS_PATH] = [lambda handler: handler.send_body(503, b"")] * 12
        pauses = [follower.turn() for _ in range(12)]
        assert all(0.5 * 2.0**n <= pause <= 2.0**n for n, pause in enumerate(pauses[:6]))
        assert all(30 <= pause <= 60 for pause in pauses[6:])
        server.faults[PODS_PATH] = [lambda handler: handler.send_body(429, b"", {"Retry-After": "77"})]
        assert follower.turn() == 77.0
        follower.stop()


def test_credentials_are_read_anew_when_they_are_unknown(api: Api, tmp_path: Path) -> None:
    """The kubeconfig's token was rotated: after a 401 the file is read again."""
    api.token = "new"
    with serving(api) as server:
        connect = connect_to(server, tmp_path, "old")
        chosen = next(each for each in RESOURCES if each.name == PODS)
        follower = Follower(chosen, Table(3600), connect, time.time, random.Random(1), QUICK)
        assert follower.turn() > 0
        assert follower.state.is_refused
        assert "401" in follower.state.problem
        connect_to(server, tmp_path, "new")
        assert follower.turn() == 0.0
        assert len(names(follower)) == 7
        follower.stop()


def test_what_the_cluster_does_not_have_is_no_error(tmp_path: Path) -> None:
    """No Longhorn: nothing to complain of, and it is looked for again later."""
    with serving(Api()) as server:
        chosen = next(each for each in RESOURCES if each.name == LONGHORN_REPLICAS)
        follower = Follower(chosen, Table(3600), connect_to(server, tmp_path), time.time, random.Random(1), Pace())
        assert follower.turn() >= 300
        assert follower.state.is_absent
        assert follower.state.problem == ""
        follower.stop()


def test_one_odd_object_is_left_out(api: Api, tmp_path: Path) -> None:
    """An object that cannot be read does not take the others with it."""
    api.put(PODS_PATH, {"metadata": {"name": "odd", "namespace": "ai", "uid": "u"}, "spec": {"volumes": 5}})
    with serving(api) as server, following(server, tmp_path) as follower:
        until(lambda: follower.state.lists == 1)
        assert len(names(follower)) == 7
        assert follower.state.odd == 1
        api.put(PODS_PATH, {"metadata": {"name": "p1", "namespace": "ai", "uid": "uid-ai-p1"}, "spec": {"volumes": 5}})
        until(lambda: follower.state.odd == 2)
        assert names(follower) == {"p0", *(f"p{index}" for index in range(2, 7))}
        assert follower.state.lists == 1


def test_a_server_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    """Nobody listens: an error in words, no exception of a library."""
    with serving(Api()) as server:
        connect = connect_to(server, tmp_path)
    with pytest.raises(ApiError, match="/api/v1/pods"):
        connect().get(PODS_PATH, {}, "application/json")


def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path) -> None:
    """A missing file, and one without the context."""
    with pytest.raises(ApiError, match="kubeconfig"):
        from_kubeconfig(tmp_path / "none", "")
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig("http://127.0.0.1:1"))
    with pytest.raises(ApiError, match="elsewhere"):
        from_kubeconfig(path, "elsewhere")


def test_the_server_of_these_tests_serves_the_official_client(api: Api, tmp_path: Path) -> None:
    """What our loop is tested against is an API to the client that is not ours: pages, watches, versions."""
    path = tmp_path / "kubeconfig"
    with serving(api) as server:
        path.write_text(kubeconfig(server.url))
        official: Any = CoreV1Api(new_client_from_config(config_file=str(path), persist_config=False))  # type: ignore[no-untyped-call] # no types there
        first = official.list_pod_for_all_namespaces(limit=5)
        rest = official.list_pod_for_all_namespaces(limit=5, _continue=first.metadata.var_continue)
        assert [len(page.items) for page in (first, rest)] == [5, 2]
        api.put(PODS_PATH, pod("new"))
        api.delete(PODS_PATH, "uid-ai-p0")
        watch: Any = Watch  # nor here
        events = watch().stream(
            official.list_pod_for_all_namespaces,
            resource_version=first.metadata.resource_version,
            timeout_seconds=1,
            deserialize=False,
        )
        assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
            ("ADDED", "new"),
            ("DELETED", "p0"),
        ]
