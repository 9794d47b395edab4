"""Following: whatever happens to objects, watches, history and answers, the records end as those of a fresh list."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.kubernetes.follow import Follower
from correlator.kubernetes.pace import Pace
from correlator.kubernetes.resources import PODS, RESOURCES
from correlator.kubernetes.table import Table
from tests.kubernetes_api import Api, Direct, Object, pod

PATH = "/api/v1/pods"
RESOURCE = next(each for each in RESOURCES if each.name == PODS)
NAMES = [f"p{index}" for index in range(6)]

changes = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(NAMES), st.sampled_from(["n1", "n2", ""])),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just("")),
    st.tuples(st.just("recreate"), st.sampled_from(NAMES), st.sampled_from(["n1", "n2"])),
    st.tuples(st.sampled_from(["compact", "garble", "cut", "relist", "turn", "expire"]), st.just(""), st.just("")),
)


class Shaky(Direct):
    """Whose watches are cut after the first event and whose history is compacted in the middle of a list, on demand."""

    is_cut = False
    expires = False

    def get(self, path: str, query: Any, accept: str) -> dict[str, Any]:  # noqa: ANN401 - as the original
        """A page; the next one's token may expire."""
        page = super().get(path, query, accept)
        if self.expires and page["metadata"]["continue"]:
            self.expires = False
            self.api.compact()
        return page

    def lines(self, *asked: Any) -> Any:  # noqa: ANN401 - as the original
        """Events, the last ones missing where the connection is cut."""
        for line in super().lines(*asked):
            yield line
            if self.is_cut:
                self.is_cut = False
                return


def happen(api: Api, transport: Shaky, follower: Follower, change: tuple[str, str, str], number: int) -> None:
    """One thing after the other."""
    what, name, node = change
    match what:
        case "put" | "delete" | "recreate":
            changed(api, what, name, pod(name, node=node, uid=f"{name}-{number}"))
        case "compact":
            api.compact()
        case "garble":
            transport.garbled = True
        case "cut":
            transport.is_cut = True
        case "expire":
            transport.expires = True
        case "relist":
            follower._relist_at = 0.0
        case "turn":
            follower.turn()


def changed(api: Api, what: str, name: str, item: Object) -> None:
    """An object is made or changed, deleted, or made anew under its name."""
    known = next((uid for uid, each in api.objects[PATH].items() if each["metadata"]["name"] == name), "")
    if known and what == "put":
        item["metadata"]["uid"] = known
    elif known:
        api.delete(PATH, known)
    if what != "delete":
        api.put(PATH, item)


def caught_up(follower: Follower, transport: Shaky) -> None:
    """Turn until nothing is wrong any more: at most a failed watch, a list that expires, and a watch."""
    transport.garbled = transport.is_cut = False
    for _ in range(4):
        follower.turn()
    assert follower.state.problem == ""


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, max_size=25))
def test_any_history_ends_in_the_records_of_a_fresh_list(happenings: list[tuple[str, str, str]]) -> None:
    """Changes, broken watches, gone history, expired tokens, garbled events, in any order."""
    api = Api()
    transport = Shaky(api)
    table: Table[Any] = Table(3600)
    pace = Pace(page=2)
    follower = Follower(RESOURCE, table, lambda: transport, lambda: 1e9, random.Random(1), pace)
    follower.turn()
    for number, change in enumerate(happenings):
        happen(api, transport, follower, change, number)
    caught_up(follower, transport)
    fresh: Table[Any] = Table(3600)
    Follower(RESOURCE, fresh, lambda: Direct(api), lambda: 1e9, random.Random(2), pace).turn()
    assert sorted(table.held()[0]) == sorted(fresh.held()[0])
    assert not {record.uid for record in table.held()[0]} & {record.uid for record, _ in table.held()[1]}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["n1", "n2", ""])), max_size=8))
def test_the_history_of_a_list_makes_no_difference(puts: list[tuple[str, str]]) -> None:
    """Listed at the end, or listed before and watched since: the same records."""
    api = Api()
    watched: Table[Any] = Table(3600)
    follower = Follower(RESOURCE, watched, lambda: Direct(api), lambda: 1e9, random.Random(1))
    follower.turn()
    for name, node in puts:
        api.put(PATH, pod(name, node=node))
        follower.turn()
    listed: Table[Any] = Table(3600)
    Follower(RESOURCE, listed, lambda: Direct(api), lambda: 1e9, random.Random(1)).turn()
    assert sorted(watched.held()[0]) == sorted(listed.held()[0])
