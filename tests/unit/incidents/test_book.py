"""Steps move the book on."""

from dataclasses import replace
from itertools import permutations

import pytest

from correlator.incidents.book import KNOWN_FOR, Book, Grouping, abandon, advance
from correlator.incidents.lifecycle import TransitionKind
from correlator.model.finding import EndReason, Verdict
from correlator.model.incident import State
from tests.unit.incidents.findings import BEGIN, culprit, finding, moment, story, tell

HOUR = int(KNOWN_FOR.total_seconds())


def test_same_volume_is_one_episode() -> None:
    """Two victims of one volume at one time are one episode, named after the first."""
    step = tell(finding("vllm-0", 0), finding("vllm-1", 0))
    assert len(step.transitions) == 2
    (episode,) = step.episodes
    assert {transition.incident.episode_id for transition in step.transitions} == {episode.id}


def test_same_culprit_on_other_volumes_is_one_episode() -> None:
    """Pods of one workload that hurt two volumes make one episode of both."""
    guilty = [culprit(f"rag/reindex-{number}", workload="Job/reindex") for number in range(2)]
    step = tell(
        finding("vllm-0", 0, volume="disk:n1:sda", suspects=guilty[:1]),
        finding("vllm-1", 0, volume="disk:n2:sda", suspects=guilty[1:]),
    )
    assert len(step.episodes) == 1


def test_nothing_in_common_is_two_episodes() -> None:
    """Other volume, other culprit: another episode."""
    step = tell(finding("vllm-0", 0, volume="disk:n1:sda"), finding("vllm-1", 0, volume="disk:n2:sda"))
    assert len(step.episodes) == 2


@pytest.mark.parametrize(("detected", "episodes"), [(60 + 120 + 30, 1), (60 + 120 + 45, 2)])
def test_join_gap_ends_an_episode(detected: int, episodes: int) -> None:
    """A regression that starts up to two minutes after the end still belongs to the episode, a later one does not."""
    steps = story([finding("vllm-0", 0), finding("vllm-0", 0, at=90, ended=60), finding("vllm-1", detected)])
    assert len({each.episode_id for each in steps[-1].book.incidents.values()}) == episodes


def test_join_gap_can_be_set() -> None:
    """With a gap of ten minutes, what starts nine minutes later belongs together."""
    over = tell(finding("vllm-0", 0, at=15, ended=0))
    step = advance(over.book, BEGIN + 540, [finding("vllm-1", 540)], Grouping(join_gap_seconds=600))
    assert step.episodes[0].incident_ids == tuple(each.id for each in step.book.incidents.values())
    assert len(step.episodes[0].incident_ids) == 2


def test_an_episode_opens_again_within_the_gap() -> None:
    """An episode whose incidents are all over is open again when one joins it."""
    steps = story([finding("vllm-0", 0), finding("vllm-0", 0, at=60, ended=45), finding("vllm-1", 90)])
    assert [step.episodes[0].state for step in steps] == [State.OPEN, State.RESOLVED, State.OPEN]
    assert len({step.episodes[0].id for step in steps}) == 1


def test_the_order_of_findings_in_a_step_is_no_matter() -> None:
    """Whatever the order in which a step's findings come, the step is the same."""
    words = [
        finding("vllm-0", 0, volume="disk:n1:sda", suspects=[culprit("rag/a")]),
        finding("vllm-1", 0, volume="disk:n2:sda", suspects=[culprit("rag/a"), culprit("rag/b")]),
        finding("vllm-2", 0, volume="disk:n3:sda", suspects=[culprit("rag/b")]),
        finding("vllm-3", 0, volume=None, verdict=Verdict.LOAD),
    ]
    steps = [tell(*order) for order in permutations(words)]
    assert all(step == steps[0] for step in steps)


def test_an_untied_incident_joins_at_its_first_tie() -> None:
    """Undetermined and without a volume, it has an episode of its own; told of one, it moves to where it belongs."""
    alone = finding("vllm-1", 15, verdict=Verdict.UNDETERMINED, volume=None)
    steps = story([finding("vllm-0", 0), alone, finding("vllm-1", 15, at=60)])
    first, second, third = (step.episodes for step in steps)
    assert second[0].id != first[0].id
    states = {episode.id: (episode.state, len(episode.incident_ids)) for episode in third}
    assert states == {first[0].id: (State.OPEN, 2), second[0].id: (State.RESOLVED, 0)}


def test_an_untied_incident_without_company_stays() -> None:
    """Told of a volume that nobody else has trouble with, it keeps its own episode, which others may join."""
    alone = finding("vllm-1", 0, verdict=Verdict.UNDETERMINED, volume=None)
    steps = story([alone, finding("vllm-1", 0, at=60), finding("vllm-2", 75)])
    assert {step.episodes[0].id for step in steps} == {steps[0].episodes[0].id}
    assert len(steps[-1].episodes[0].incident_ids) == 2


def test_a_tied_incident_never_moves() -> None:
    """Once tied, an incident stays, whatever a later look says of volume and culprits."""
    steps = story(
        [
            finding("vllm-0", 0, volume="disk:n1:sda"),
            finding("vllm-1", 15, volume="disk:n2:sda"),
            finding("vllm-1", 15, at=60, volume="disk:n1:sda"),
        ]
    )
    moved = steps[-1].transitions[0].incident
    assert moved.episode_id == steps[1].transitions[0].incident.episode_id


def test_replays_change_nothing() -> None:
    """Findings that were told before, in a later step, make no transition and no episode."""
    told = [finding("vllm-0", 0), finding("vllm-0", 0, at=60), finding("vllm-0", 0, at=120, ended=100)]
    book = story(told)[-1].book
    step = advance(book, BEGIN + 135, [*told, *told])
    assert (step.transitions, step.episodes) == ((), ())


def test_replays_of_forgotten_incidents_change_nothing() -> None:
    """A finding of an incident that is over for longer than the book remembers opens nothing."""
    book = tell(finding("vllm-0", 0, at=15, ended=0)).book
    later = BEGIN + 15 + HOUR + 15
    book = advance(book, later, []).book
    assert book.incidents == {}
    assert advance(book, later + 15, [finding("vllm-0", 0)]).transitions == ()


def test_the_book_forgets_whole_episodes_only() -> None:
    """What is over stays in the book while its episode lives, and for an hour after."""
    steps = story([finding("vllm-0", 0), finding("vllm-1", 0, at=30, ended=15)])
    book = advance(steps[-1].book, BEGIN + 4 * HOUR, []).book
    assert len(book.incidents) == 2
    book = tell(finding("vllm-0", 0, at=4 * HOUR + 15, ended=4 * HOUR), book=book).book
    assert len(advance(book, BEGIN + 5 * HOUR + 15, []).book.incidents) == 2
    assert len(advance(book, BEGIN + 5 * HOUR + 30, []).book.incidents) == 0


def test_a_victim_has_one_open_incident() -> None:
    """A new regression of a victim that has one open resolves the old one as gone, and says that it was superseded."""
    steps = story([finding("vllm-0", 0), finding("vllm-0", 600)])
    old, new = (transition.incident for transition in steps[-1].transitions)
    assert (old.state, old.end_reason, old.ended_at) == (State.RESOLVED, EndReason.GONE, moment(600))
    assert old.reasons[-1] == "superseded"
    assert steps[-1].book.open_incidents() == (new,)


def test_an_end_and_a_new_start_in_one_step() -> None:
    """When one regression ends as the next is detected, the first recovers: nothing is superseded."""
    first = tell(finding("vllm-0", 0))
    step = tell(finding("vllm-0", 60), finding("vllm-0", 0, at=60, ended=45), book=first.book)
    assert [transition.kind for transition in step.transitions] == [TransitionKind.RESOLVED, TransitionKind.OPENED]
    assert step.transitions[0].incident.end_reason is EndReason.RECOVERED


def test_two_looks_in_one_step() -> None:
    """Detection, look and end of one regression may come in one step, and are taken in their order."""
    step = tell(finding(at=60, ended=45), finding(at=0), finding(at=30))
    assert [transition.kind.value for transition in step.transitions] == ["opened", "updated", "resolved"]


def test_models_of_one_pod_are_two_victims() -> None:
    """A pod that serves two models has an incident for each."""
    one = finding("vllm-0", 0)
    other = replace(one, victim=replace(one.victim, model_name="other"))
    assert len(tell(one, other).book.open_incidents()) == 2


def test_abandon_resolves_all_that_is_open() -> None:
    """When the engine has lost its memory, what it followed ends as gone and its episodes end too."""
    steps = story([finding("vllm-0", 0), finding("vllm-1", 15)])
    step = abandon(steps[-1].book, BEGIN + 60, "memory_lost")
    assert [transition.incident.end_reason for transition in step.transitions] == [EndReason.GONE] * 2
    assert [episode.state for episode in step.episodes] == [State.RESOLVED]
    assert step.book.open_incidents() == ()


def test_time_does_not_go_back() -> None:
    """A step that is not later than the book's is a mistake of the caller."""
    step = tell(finding())
    with pytest.raises(ValueError, match="not later"):
        advance(step.book, BEGIN, [])


def test_the_book_is_a_function_of_incidents_and_step() -> None:
    """Made anew from all incidents that ever were, the book is the one that was carried along."""
    words = [finding(f"vllm-{n}", 900 * n, volume=f"disk:n1:{n % 2}") for n in range(8)]
    ends = [finding(f"vllm-{n}", 900 * n, at=900 * n + 300, ended=900 * n + 285, volume="x") for n in range(7)]
    steps = story(sorted([*words, *ends], key=lambda each: each.at))
    ever = {each.incident.id: each.incident for step in steps for each in step.transitions}
    last = steps[-1]
    assert Book.of("c", last.at, ever.values()) == last.book
    assert len(last.book.incidents) < len(ever)
