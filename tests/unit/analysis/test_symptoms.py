"""Other symptoms than first tokens go the same way, with their own words, and only where storage did it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from correlator.analysis.evaluate import FIRST_TOKENS_TOO, evaluate, look_at_victim
from correlator.analysis.memory import Memory
from correlator.analysis.symptoms import seen_as_ttft, totals_told, victims_with
from correlator.analysis.unseen import MEASURED
from correlator.incidents.episodes import causes_of
from correlator.incidents.lifecycle import incident_of
from correlator.model.finding import EndReason, Verdict
from correlator.model.frame import Floats, Frames
from correlator.model.symptom import Form, Symptom
from correlator.model.topology import PodRef
from correlator.topology import join
from tests.calibrated import calibrated
from tests.scenes import NODE, VICTIM, PodIo, Story
from tests.symptoms import FSYNC, PROMPTS, SYMPTOMS, TOKENS, TRANSACTIONS, Added, without
from tests.unit.analysis.playing import Played, play_frames, window

STEPS, START, END = 262, 210, 240
ALL = calibrated(symptoms=tuple(SYMPTOMS.values()))
BOUNDS = tuple(0.001 * 2**power for power in range(14))


def busy_disk(*pods: PodIo, contended: bool = True) -> Story:
    """Well-behaved first tokens of somebody who reads hardly anything, beside a writer from START to END."""
    story = Story(steps=STEPS, reads_per_request=0.0)
    story.device_pods = list(pods)
    if contended:
        story.read_latency = story.stepped(2e-4, 7e-3, START, END)
        story.device_pods.append(story.writer("rag", "reindex-1", START, END))
    return story


def server(namespace: str, pod: str, reads: float, writes: float) -> PodIo:
    """A pod with steady small I/O."""
    level = np.full(STEPS, 1.0)
    return PodIo(namespace, pod, reads * level, writes * level, reads * 8192 * level, writes * 8192 * level)


def etcd(added: Added, seconds: Floats, rate: float = 20.0) -> None:
    """WAL fsyncs, so many a second."""
    rng, labels = np.random.default_rng(2), {"namespace": "kube-system", "pod": "etcd-n1", "instance": "10.0.0.1:2381"}
    done = rng.poisson(rate * added.frames.grid.step, STEPS)
    counts, sums = np.zeros((len(BOUNDS) + 1, STEPS)), np.zeros(STEPS)
    for step, number in enumerate(done):
        took = seconds[step] * rng.lognormal(0.0, 0.3, number)
        sums[step] = took.sum()
        np.add.at(counts[:, step], np.searchsorted(BOUNDS, took), 1)
    for bound, gains in zip([*map(str, BOUNDS), "+Inf"], np.cumsum(counts, axis=0), strict=True):
        added.count("etcd_fsync_bucket", {**labels, "le": bound}, gains)
    added.count("etcd_fsync_sum", labels, sums)
    added.count("etcd_fsync_count", labels, done.astype(np.float64))


def with_etcd(seconds: float, *, contended: bool = True) -> Frames:
    """An etcd whose fsyncs take so long from START to END, and 2 ms otherwise."""
    story = busy_disk(server("kube-system", "etcd-n1", 0.0, 25.0), contended=contended)
    added = Added(story.frames())
    etcd(added, story.stepped(0.002, seconds, START, END))
    return added.result()


def with_database(seconds: float, rate: float = 30.0, *, contended: bool = True) -> Frames:
    """A database whose transactions take so long from START to END, and 4 ms otherwise."""
    story = busy_disk(server("memory", "pg-0", 4.0, 40.0), contended=contended)
    added = Added(story.frames())
    added.database("pg-0", story.stepped(30.0, rate, START, END), story.stepped(0.004, seconds, START, END))
    return added.result()


def with_tokens(per_second: float, running: float = 1.0, *, contended: bool = True) -> Frames:
    """A model server that reads its pages, whose first tokens stay as they are and whose tokens come at that rate."""
    story = busy_disk(contended=contended)
    story.reads_per_request = 40.0
    story.read_latency = story.stepped(2e-4, 7e-3 if contended else 2e-4, START, END)
    added = Added(story.frames())
    inside = story.stepped(1.0, running, START, END)
    added.put("requests_running", VICTIM, inside)
    tokens = np.random.default_rng(4).poisson(story.stepped(40.0, per_second, START, END) * inside * 15)
    added.count("generation_tokens", VICTIM, tokens.astype(np.float64))
    return added.result()


def with_prompts(seconds: float, *, contended: bool = True) -> Frames:
    """A llama.cpp server that tells no first tokens and counts no requests; each prompt token takes so long.

    Its weights are pages of a file that it reads again; a prompt is counted as a whole, when it is processed.
    """
    story = busy_disk(contended=contended)
    story.reads_per_request = 40.0
    story.read_latency = story.stepped(2e-4, 7e-3 if contended else 2e-4, START, END)
    told = ("ttft_bucket", "ttft_sum", "ttft_count", "requests_finished", "requests_running", "requests_waiting")
    added = Added(without(story.frames(), (*told, "prompt_tokens"), slice(None)))
    labels = {name: value for name, value in VICTIM.items() if name not in {"model_name", "engine"}}
    rng = np.random.default_rng(9)
    tokens = np.array([rng.integers(50, 950, number).sum() for number in rng.poisson(6.0, STEPS)], dtype=np.float64)
    each = story.stepped(0.0004, seconds, START, END) * rng.lognormal(0.0, 0.1, STEPS)
    added.count("prompt_tokens_processed", labels, tokens)
    added.count("prompt_seconds", labels, tokens * each)
    added.put("requests_running", labels, np.minimum(tokens, 1.0))
    return added.result()


ERRORS = Symptom(
    name="errors", form=Form.SHARE, quantity="share of errors", things="requests", total="failed", count="asked"
)


def with_errors(share: float, *, contended: bool = True, waiting: float = 0.8) -> Frames:
    """A service of which that part of the requests fails from START to END, and one in a thousand otherwise."""
    story = busy_disk(server("web", "shop-0", 3.0, 1.0), contended=contended)
    added, labels = Added(story.frames()), {"namespace": "web", "pod": "shop-0", "instance": "10.1.0.9:80"}
    asked = np.random.default_rng(6).poisson(600.0, STEPS)
    failed = np.random.default_rng(7).binomial(asked, story.stepped(0.001, share, START, END))
    added.count("asked", labels, asked.astype(np.float64))
    added.count("failed", labels, failed.astype(np.float64))
    added.pressure("web", "shop-0", story.stepped(0.02, waiting, START, END))
    return added.result()


def test_a_share_is_told_as_one() -> None:
    """Errors while the service waits on a disk that another saturates; nothing without either."""
    parameters = calibrated(symptoms=(ERRORS,))
    found = play_frames(with_errors(0.2), START - 4, STEPS, parameters=parameters)
    assert others(found) == ["errors"]
    assert found.accused == {"reindex-1"}
    told = found.findings[0]
    assert "made requests fail" in told.explanation
    assert "share of errors of web/shop-0 rose from 0.1 % to 20 %" in told.explanation
    assert " ms" not in told.explanation.partition(" On n1/sda")[0]
    assert told.symptom is not None
    assert (told.symptom.unit, told.suspects[0].mean_excess_seconds) == ("ratio", None)
    assert found.last.end_reason is EndReason.RECOVERED
    for nothing in (with_errors(0.2, contended=False), with_errors(0.2, waiting=0.02), with_errors(0.004)):
        assert not others(play_frames(nothing, START - 4, START + 20, parameters=parameters))


def others(found: Played) -> list[str]:
    """The symptoms other than first tokens that opened something."""
    return sorted({f.victim.symptom for f in found.findings} - {"ttft"})


@pytest.mark.parametrize(
    ("frames", "symptom", "words"),
    [
        (lambda: with_etcd(0.030), FSYNC, "made WAL fsyncs slow"),
        (lambda: with_database(0.080), TRANSACTIONS, "mean time per transaction of memory/pg-0 rose from 4"),
        (
            lambda: with_tokens(12.0),
            TOKENS,
            "tokens per second of each running request of inference/vllm-0 fell",
        ),
        (lambda: with_prompts(0.0024), PROMPTS, "(stands in for first tokens) of inference/vllm-0 rose from"),
    ],
    ids=["histogram", "mean", "throughput", "stand-in"],
)
def test_a_symptom_that_storage_caused_is_told_in_its_own_words(
    frames: Callable[[], Frames], symptom: Symptom, words: str
) -> None:
    """Opened once, the writer accused, nothing said of first tokens that did not change, ended when it is over."""
    found = play_frames(frames(), START - 4, STEPS, parameters=ALL)
    told = [finding for finding in found.findings if finding.victim.symptom == symptom.name]
    assert len({finding.detected_at for finding in told}) == 1
    assert told[0].verdict is Verdict.CONTENTION
    assert found.accused == {"reindex-1"}
    assert words in told[-1].explanation
    assert "first token" not in told[-1].explanation.replace(symptom.told_as, "")
    assert told[-1].ttft.baseline_seconds is None
    (spot,) = (spot.reason for spot in told[0].blind_spots if spot.signal == symptom.count)
    assert symptom.told_as in spot
    assert ("take it as a guide" in spot) is (symptom.name not in MEASURED)
    assert FIRST_TOKENS_TOO not in told[-1].reasons
    assert told[-1].end_reason is EndReason.RECOVERED
    assert not found.evaluation.memory.open


def test_less_is_worse_where_a_rate_is_told() -> None:
    """Tokens per second: a ratio below 1, in its own unit."""
    found = play_frames(with_tokens(10.0), START - 4, START + 10, parameters=ALL)
    effect = next(f.symptom for f in found.findings if f.victim.symptom == TOKENS.name)
    assert effect is not None
    assert effect.unit == "tokens/second"
    assert effect.baseline == pytest.approx(40.0, rel=0.05)
    assert effect.observed == pytest.approx(10.0, rel=0.15)
    assert effect.ratio == pytest.approx(0.25, rel=0.15)


@pytest.mark.parametrize(
    "frames",
    [
        lambda: with_etcd(0.030, contended=False),
        lambda: with_database(0.080, contended=False),
        lambda: with_tokens(12.0, contended=False),
        lambda: with_prompts(0.0024, contended=False),
        lambda: with_etcd(0.0022),
        lambda: with_database(0.0042),
        lambda: with_database(0.004, 2.0),
        lambda: with_tokens(39.0),
        lambda: with_tokens(40.0, 0.25),
    ],
    ids=[
        "fsync on a quiet disk",
        "transactions on a quiet disk",
        "tokens on a quiet disk",
        "prompts on a quiet disk",
        "fsyncs hardly slower",
        "transactions hardly slower",
        "fewer transactions, as fast",
        "tokens hardly slower",
        "fewer requests, as fast",
    ],
)
def test_what_storage_did_not_do_opens_nothing(frames: Callable[[], Frames]) -> None:
    """A symptom is watched for what storage does to it, and less work is not slower work."""
    assert not others(play_frames(frames(), START - 4, START + 20, parameters=ALL))


def test_first_tokens_are_judged_as_if_nothing_else_were_watched() -> None:
    """The same findings, whatever the other symptoms say."""
    story = busy_disk()
    story.reads_per_request = 40.0
    story.ttft_seconds = story.stepped(0.05, 0.35, START, END)
    added = Added(story.frames())
    added.count("generation_tokens", VICTIM, story.stepped(600.0, 100.0, START, END))
    alone = play_frames(added.result(), START - 2, START + 8)
    beside = play_frames(added.result(), START - 2, START + 8, parameters=ALL)
    assert others(beside) == [TOKENS.name]
    assert tuple(f for f in beside.findings if f.victim.symptom == "ttft") == alone.findings
    told = [f for f in beside.findings if f.victim.symptom == TOKENS.name]
    assert FIRST_TOKENS_TOO in told[-1].reasons
    assert "open incident of their own" in told[-1].explanation
    of_tokens, of_first_tokens = (causes_of(incident_of(one, "", None)) for one in (told[-1], alone.findings[-1]))
    assert of_tokens & of_first_tokens, "one episode"
    assert beside.accused == alone.accused
    less, more = (max(s.confidence for f in each for s in f.suspects) for each in (told, alone.findings))
    assert less < more, "the confidence was fitted on first tokens"
    now = beside.evaluation.snapshot
    assert now.victims[0].symptoms
    unwatched = tuple(replace(each, symptoms=()) for each in now.victims)
    assert replace(now, victims=unwatched) == alone.evaluation.snapshot


@pytest.mark.parametrize(
    ("frames", "victim", "symptom", "usual", "now"),
    [
        (lambda: with_etcd(0.030), "etcd-n1", FSYNC, 0.002, 0.030),
        (lambda: with_database(0.080), "pg-0", TRANSACTIONS, 0.004, 0.080),
        (lambda: with_tokens(10.0), "vllm-0", TOKENS, 40.0, 10.0),
        (lambda: with_tokens(0.0), "vllm-0", TOKENS, 40.0, 0.0),
    ],
    ids=["histogram", "mean", "throughput", "no throughput"],
)
def test_the_snapshot_tells_of_every_symptom_in_its_unit(
    frames: Callable[[], Frames], victim: str, symptom: Symptom, usual: float, now: float
) -> None:
    """Before it gets worse, while nobody would look at it, and after; a pod without first tokens is there as well."""
    well = play_frames(frames(), START - 2, START, parameters=ALL).evaluation.snapshot
    found = play_frames(frames(), START - 2, START + 10, parameters=ALL).evaluation.snapshot
    before, after = (next(v for v in one.victims if v.pod == victim) for one in (well, found))
    (calm,), (worse,) = before.symptoms, after.symptoms
    assert (worse.name, worse.quantity, worse.unit) == (symptom.name, symptom.told_as, symptom.unit)
    assert calm.observed == pytest.approx(usual, rel=0.3)
    assert calm.regressed_since is None
    assert worse.observed == pytest.approx(now, rel=0.3)
    assert worse.baseline == pytest.approx(usual, rel=0.15)
    assert worse.regressed_since is not None
    assert bool(after.ttft) is (victim == "vllm-0")


def test_totals_that_are_well_are_not_looked_at() -> None:
    """Thousands of them cost two sums each; who is remembered as worse is looked at all the same."""
    frames = seen_as_ttft(window(with_database(0.004, contended=False), START), TRANSACTIONS)
    assert not victims_with(frames, totals_told(TRANSACTIONS, frames), (), ALL).keys
    worse = seen_as_ttft(window(with_database(0.080), START + 5), TRANSACTIONS)
    (key,) = victims_with(worse, totals_told(TRANSACTIONS, worse), (), ALL).keys
    assert victims_with(frames, totals_told(TRANSACTIONS, frames), {key}, ALL).keys == (key,)


def test_means_keep_their_sums() -> None:
    """All that was done in a step is in the bucket of its mean, and nothing is lost."""
    frames = seen_as_ttft(window(with_database(0.080), START + 5), TRANSACTIONS)
    victims = victims_with(frames, totals_told(TRANSACTIONS, frames), (), ALL)
    known = np.isfinite(victims.first_tokens[0])
    assert victims.counts[0][:, known].sum(axis=0) == pytest.approx(victims.first_tokens[0][known])
    mean = victims.ttft_sum[0][known] / victims.first_tokens[0][known]
    places = victims.counts[0][:, known].argmax(axis=0)
    assert (mean <= victims.bounds[places]).all()
    assert TRANSACTIONS.form is Form.MEAN


def test_a_victim_is_explained_by_the_symptom_that_it_has() -> None:
    """Asked for a database, which gives no first tokens."""
    seen = window(with_database(0.080), START + 5)
    look = look_at_victim(seen, join(seen), PodRef("memory", "pg-0"), Memory(), ALL)
    assert look is not None
    assert look.finding.victim.symptom == TRANSACTIONS.name


def test_a_symptom_that_is_watched_no_more_ends() -> None:
    """Its catalogue file was taken away while an incident of it was open."""
    seen = window(with_tokens(10.0), START + 6)
    memory = evaluate(seen, join(seen), Memory(), seen.grid.last, ALL).memory
    later = window(with_tokens(10.0), START + 7)
    found = evaluate(later, join(later), memory, later.grid.last, calibrated())
    assert [(one.victim.symptom, one.end_reason) for one in found.findings] == [(TOKENS.name, EndReason.GONE)]
    assert not found.memory.open


def test_symptoms_are_remembered_apart() -> None:
    """Two of one pod are two regressions, and both survive the way through the store."""
    frames = with_tokens(10.0)
    for signal in ("ttft_bucket", "ttft_sum", "ttft_count"):
        assert frames.get(signal).labels
    seen = window(frames, START + 6)
    memory = evaluate(seen, join(seen), Memory(), seen.grid.last, ALL).memory
    assert [one.symptom for one in memory.open] == [TOKENS.name]
    assert Memory.decode(memory.encode()) == memory


def fast_reads(frames: Frames, reads_per_second: float) -> Frames:
    """A disk that serves reads first: they stay as fast as ever while writes queue."""
    added = Added(frames)
    added.count("disk_read_time", {**NODE, "device": "sda"}, np.full(STEPS, reads_per_second * 2e-4 * 15))
    return added.result()


def test_a_volume_gets_worse_for_who_writes_while_reads_stay_fast() -> None:
    """Commits wait for writes, and are not told that all is well because reads are; first tokens are."""
    frames = fast_reads(with_database(0.080), 4.0)
    found = play_frames(frames, START - 4, START + 10, parameters=ALL)
    assert others(found) == [TRANSACTIONS.name]
    assert found.accused == {"reindex-1"}
    story = busy_disk()
    story.reads_per_request = 1.0
    added = Added(fast_reads(story.frames(), 4.0))
    added.count("generation_tokens", VICTIM, story.stepped(600.0, 150.0, START, END))
    assert not others(play_frames(added.result(), START - 4, START + 10, parameters=ALL))
