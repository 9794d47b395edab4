"""The silent failure: work that stops while another saturates the volume opens an incident; nothing else does."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from correlator.catalog import load
from correlator.inquiry import Inquiry, Walk
from correlator.model.finding import Verdict
from correlator.model.frame import Floats, Frame, Frames
from tests.calibrated import calibrated
from tests.pasts import Daily, PastSource
from tests.scenes import VICTIM, PodIo, Story
from tests.symptoms import TRANSACTIONS, Added, without
from tests.unit.analysis.playing import Played, play_frames

STEPS, STOP, FIRST, LAST = 250, 210, 208, 226
TTFT_SIGNALS = ("ttft_bucket", "ttft_sum", "ttft_count", "requests_finished", "prompt_tokens")
GAUGES = ("requests_waiting", "requests_running")
VLLM_SIGNALS = (*TTFT_SIGNALS, *GAUGES)
AFTER = np.arange(STEPS) >= STOP
PARAMETERS = calibrated(symptoms=(TRANSACTIONS,))


def story(*, saturated: bool = True, rates: Floats | None = None, more: tuple[PodIo, ...] = ()) -> Story:
    """A model server whose requests stop at STOP, and a re-index that begins there where it is to saturate the disk."""
    made = Story(steps=STEPS)
    made.rates = made.stepped(4.0, 0.0, STOP, STEPS) if rates is None else rates
    made.device_pods = list(more)
    if saturated:
        made.device_pods.append(made.writer("rag", "reindex-1", STOP, STEPS))
        made.read_latency = made.stepped(2e-4, 7e-3, STOP, STEPS)
    return made


def told(of: Story) -> Frames:
    """The frames of a story, in which nobody is inside from STOP on."""
    return changed(of.frames(), "requests_running", VICTIM["pod"], lambda values: np.where(AFTER, 0.0, values))


def changed(frames: Frames, signal: str, pod: str, change: Callable[[Floats], Floats]) -> Frames:
    """With other values of one pod's series."""
    frame = frames.get(signal)
    mine = [dict(labels).get("pod") == pod for labels in frame.labels]
    rows = [change(row) if own else row for own, row in zip(mine, frame.values, strict=True)]
    new = Frame(signal, frames.grid, frame.labels, np.stack(rows))
    return replace(frames, by_signal={**frames.by_signal, signal: new})


def pressed(frames: Frames, waiting: float, before: float = 0.02) -> Frames:
    """With the victim's I/O pressure before and from STOP on."""
    added = Added(frames)
    values = np.full(STEPS, before)
    values[STOP:] = waiting
    added.pressure(VICTIM["namespace"], VICTIM["pod"], values)
    return added.result()


def vanished(frames: Frames) -> Frames:
    """With the victim's target gone from STOP on, and with it all that it told."""
    frames = without(frames, VLLM_SIGNALS, slice(STOP, None), VICTIM["pod"])
    return without(frames, ("ttft_heartbeat",), slice(STOP, None))


def sibling(frames: Frames) -> Frames:
    """With another model server on a node of which nothing else is known, that works on."""
    named = {"namespace": "inference", "pod": "vllm-1", "instance": "10.1.0.2:8000"}
    added = Added(frames)
    rng = np.random.default_rng(5)
    gains = rng.poisson(60.0, STEPS).astype(np.float64)
    for bound in ("0.1", "+Inf"):
        added.count("ttft_bucket", {**named, "le": bound}, gains)
    added.count("ttft_sum", named, gains * 0.05)
    added.count("ttft_count", named, gains)
    return added.result()


def played(frames: Frames, last: int = LAST) -> Played:
    """From shortly before STOP."""
    return play_frames(frames, FIRST, last, parameters=PARAMETERS)


def is_opened(found: Played) -> bool:
    """Whether an incident of a victim that stopped was opened, and names the re-index for it."""
    if not found.findings:
        return False
    first = found.findings[0]
    assert first.verdict is Verdict.CONTENTION
    assert "work_stopped" in first.reasons
    assert found.accused == {"reindex-1"}
    assert first.ttft.stalled
    assert first.ttft.observed_seconds is None
    return True


def test_counters_that_stop_while_the_pod_waits_on_io() -> None:
    """Nobody is inside, no latency is reported; yet the pod waits on a disk that another saturates."""
    found = played(pressed(told(story()), 0.8))
    assert is_opened(found)
    assert found.incidents == 1
    words = found.findings[0].explanation
    assert "brought first tokens to a halt" in words
    assert "nobody is known to wait" in words


def test_counters_that_stop_where_nobody_can_tell_who_waits() -> None:
    """A server without gauges, on a kernel without pressure: that steady work stopped at once has to do."""
    assert is_opened(played(without(told(story()), GAUGES, slice(None))))


def test_series_that_vanish_while_kubernetes_knows_the_pod() -> None:
    """The whole target is gone, and the pod waits on I/O."""
    frames = vanished(pressed(told(story()), 0.8))
    found = played(frames)
    assert is_opened(found)
    assert found.findings[0].detected_at.timestamp() >= frames.grid.start + (STOP + 5) * frames.grid.step


def test_series_that_vanish_while_others_of_their_kind_are_seen() -> None:
    """Without pressure it takes another server that is still scraped."""
    assert is_opened(played(vanished(sibling(told(story())))))


def test_an_answer_of_the_other_replica_is_no_restart() -> None:
    """One of two equal Prometheus has seen a little less of the pod's I/O; a real restart is told from that."""
    frames = vanished(sibling(pressed(told(story()), 0.8)))

    def less_by(part: float) -> Frames:
        def change(values: Floats) -> Floats:
            fallen = values.copy()
            fallen[STOP + 1] = (1.0 - part) * values[STOP]
            return fallen

        return changed(frames, "pod_reads", VICTIM["pod"], change)

    assert is_opened(played(less_by(0.005)))
    assert not is_opened(played(less_by(0.05)))


def test_what_is_absent_is_shown_as_unknown() -> None:
    """The snapshot has no zero where nothing is known, whatever is made of it."""
    found = played(vanished(pressed(told(story()), 0.8)))
    assert is_opened(found)
    (victim,) = found.evaluation.snapshot.victims
    assert victim.requests_waiting is None
    assert [each.observed_seconds for each in victim.ttft] == [None] * 3
    assert victim.regressed_since is not None


def test_series_that_vanish_under_a_target_that_answers() -> None:
    """An exporter that is up and no longer reaches what it tells of."""
    gone = pressed(told(story()), 0.8)
    assert is_opened(played(without(gone, VLLM_SIGNALS, slice(STOP, None), VICTIM["pod"])))


def test_it_ends_when_work_is_back() -> None:
    """As recovered, and once."""
    rates = np.full(STEPS, 4.0)
    rates[STOP : STOP + 15] = 0.0
    made = story(rates=rates)
    made.device_pods = [made.writer("rag", "reindex-1", STOP, STOP + 15)]
    made.read_latency = made.stepped(2e-4, 7e-3, STOP, STOP + 15)
    added = Added(told(made))
    added.pressure(VICTIM["namespace"], VICTIM["pod"], made.stepped(0.02, 0.8, STOP, STOP + 15))
    found = played(added.result(), 248)
    assert is_opened(found)
    assert found.incidents == 1
    assert found.last.end_reason == "recovered"
    assert not found.evaluation.memory.open


def test_a_pod_that_leaves_while_it_is_silent_is_gone() -> None:
    """Kubernetes knows it no more: the incident ends."""
    frames = vanished(pressed(told(story()), 0.8))
    frames = without(frames, ("pod_info",), slice(226, None), VICTIM["pod"])
    found = played(frames, 246)
    assert is_opened(found)
    assert found.last.end_reason == "gone"


def quiet_disk() -> Frames:
    """It stops and waits, and nobody does any I/O."""
    return pressed(told(story(saturated=False)), 0.8)


def idle_night() -> Frames:
    """Requests get fewer over an hour, and the re-index begins when the last one is served."""
    rates = np.full(STEPS, 4.0)
    rates[STOP - 60 : STOP] = np.linspace(4.0, 0.02, 60)
    rates[STOP:] = 0.0
    return without(told(story(rates=rates)), GAUGES, slice(None))


def idle_after_a_batch() -> Frames:
    """It stops at once, but nobody is inside and it does not wait on I/O."""
    return pressed(told(story()), 0.02)


def idle_by_its_gauges() -> Frames:
    """It stops at once, and without pressure the gauges say that nobody is inside."""
    return told(story())


def pauses_often() -> Frames:
    """A service that works in bursts, with pauses as long as this one."""
    rates = np.where(np.arange(STEPS) % 30 < 20, 4.0, 0.0)
    rates[STOP:] = 0.0
    return without(told(story(rates=rates)), GAUGES, slice(None))


def few_requests() -> Frames:
    """A request every two minutes: some steps without one are nothing."""
    return without(story(rates=np.where(np.arange(STEPS) < STOP, 1 / 120, 0.0)).frames(), GAUGES, slice(None))


def exporter_gone() -> Frames:
    """All targets of that exporter vanish at once, and without pressure nobody can tell a death from that."""
    frames = without(sibling(told(story())), VLLM_SIGNALS, slice(STOP, None))
    return without(frames, ("ttft_heartbeat",), slice(STOP, None))


def lonely_target_gone() -> Frames:
    """The only target vanishes."""
    return vanished(told(story()))


def target_gone_of_a_pod_that_is_well() -> Frames:
    """Its target vanishes though its pressure says that it waits for nothing: a scrape that fails."""
    return vanished(sibling(idle_after_a_batch()))


def scaled_down() -> Frames:
    """The pod is deleted: its series go, and Kubernetes knows it no more."""
    frames = vanished(sibling(pressed(told(story()), 0.8)))
    return without(frames, ("pod_info", "pod_reads", "pod_writes"), slice(STOP, None), VICTIM["pod"])


def restarted_pod() -> Frames:
    """Its StatefulSet made it anew: another uid, and minutes of loading."""
    frames = vanished(sibling(pressed(told(story()), 0.8)))
    old = dict(next(labels for labels in frames.get("pod_info").labels if dict(labels)["pod"] == VICTIM["pod"]))
    added = Added(without(frames, ("pod_info",), slice(STOP, None), VICTIM["pod"]))
    new = np.full(STEPS, np.nan)
    new[STOP:] = 1.0
    added.put("pod_info", {**old, "uid": "another"}, new)
    return added.result()


def restarted_container() -> Frames:
    """The same pod, but the kubelet counts its container's I/O from zero again."""
    frames = vanished(sibling(pressed(told(story()), 0.8)))
    anew = np.maximum(np.arange(STEPS) - STOP, 0.0)
    return changed(frames, "pod_reads", VICTIM["pod"], lambda values: np.where(AFTER, anew, values))


def restarted_server() -> Frames:
    """Its counters are there and began anew: it loads, and gives nothing yet."""
    frames = pressed(told(story()), 0.8)
    for signal in TTFT_SIGNALS:
        frames = changed(frames, signal, VICTIM["pod"], lambda values: np.where(AFTER, 0.0, values))
    return frames


def restarted_under_its_exporter() -> Frames:
    """The pod was made anew while the exporter beside it answers."""
    frames = restarted_pod()
    times = frames.grid.times().astype(np.float64) - 1.0
    added = Added(frames)
    added.put("ttft_heartbeat", {"instance": VICTIM["instance"]}, times)
    return added.result()


def saturated_by_itself() -> Frames:
    """The writer is the victim: a checkpoint of its own."""
    made = story(saturated=False)
    made.device_pods = [made.writer("inference", "vllm-0", STOP, STEPS, owner="StatefulSet")]
    made.device_pods[0].container = "saver"
    made.read_latency = made.stepped(2e-4, 7e-3, STOP, STEPS)
    return pressed(told(made), 0.8)


def stopped_long_before() -> Frames:
    """It stopped half an hour before the re-index began."""
    made = story()
    made.rates = made.stepped(4.0, 0.0, STOP - 60, STEPS)
    frames = pressed(made.frames(), 0.8)
    return changed(frames, "requests_running", VICTIM["pod"], lambda values: 0.0 * values)


@pytest.mark.parametrize(
    "frames",
    [
        quiet_disk,
        idle_night,
        idle_after_a_batch,
        idle_by_its_gauges,
        pauses_often,
        few_requests,
        exporter_gone,
        lonely_target_gone,
        target_gone_of_a_pod_that_is_well,
        scaled_down,
        restarted_pod,
        restarted_container,
        restarted_server,
        restarted_under_its_exporter,
        saturated_by_itself,
        stopped_long_before,
    ],
    ids=lambda made: made.__name__,
)
def test_other_ends_of_work_open_nothing(frames: object) -> None:
    """False alarms cost more than silence."""
    assert callable(frames)
    assert played(frames()).incidents == 0


def opened_after(rate: Daily) -> bool:
    """Whether silence opens when these were the requests a second of the days before."""
    source = PastSource(story(), rate=rate)
    source.frames = without(told(story()), GAUGES, slice(None))
    inquiry = Inquiry(source=source, signals=load(), parameters=calibrated(), tiers={})
    start = source.frames.grid.start
    walk = Walk(inquiry, 15, start + FIRST * 15)
    found = [each for step in walk.advance(start + LAST * 15) for each in step.findings]
    return any("work_stopped" in finding.reasons for finding in found)


def silent_at(first: float, last: float) -> Daily:
    """Four requests a second, but none between these hours of the day; the story's silence begins at 8:52."""
    return lambda second: np.where((second >= first * 3600) & (second < last * 3600), 0.0, 4.0)


@pytest.mark.parametrize("hours", [(8.75, 9.5), (8.9, 10.0), (8.5, 9.0)], ids=["early", "punctual", "gone again"])
def test_silence_as_at_this_hour_of_another_day_opens_nothing(hours: tuple[float, float]) -> None:
    """A timetable: it stopped about now yesterday, too."""
    assert not opened_after(silent_at(*hours))


@pytest.mark.parametrize("hours", [(0.0, 0.0), (2.0, 4.0)], ids=["never", "at night"])
def test_silence_at_an_hour_of_work_opens(hours: tuple[float, float]) -> None:
    """Yesterday there was work at this hour."""
    assert opened_after(silent_at(*hours))
