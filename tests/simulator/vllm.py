"""What an inference server exports of its requests, through vLLM's bucket bounds or SGLang's."""

from collections.abc import Callable

import numpy as np

from tests.simulator.case import Floats
from tests.simulator.running import Answered, spread
from tests.simulator.scene import Scene, Victim
from tests.simulator.scrape import Book, Losses, Target, draw_target

VLLM_BOUNDS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0),
    *(160.0, 640.0, 2560.0),
)
SGLANG_BOUNDS = (
    *(0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 200.0, 400.0),
)


def export_victim(book: Book, scene: Scene, victim: Victim, answered: Answered) -> None:
    """First tokens, load and heartbeat of one victim."""
    pod = scene.pods[victim.pod]
    outages = [*victim.pauses, *outage_of(scene, "vllm")]
    target = draw_target(scene.rng, scene.clock, scene.scraping.vllm, Losses(scene.scraping.lost, outages))
    instance = {"instance": f"10.244.{victim.pod % 250}.{pod.node + 7}:8000"}
    labels = {
        **instance,
        "namespace": pod.namespace,
        "pod": pod.pod,
        "model_name": victim.model_name,
        "engine": victim.engine,
    }
    _first_tokens(book, target, labels, victim, answered)
    _load(book, target, labels, victim, answered)
    book.put("ttft_heartbeat", instance, target.on_grid(target.at), target.interval)


def outage_of(scene: Scene, exporter: str) -> list[tuple[float, float]]:
    """Stretches without any scrape: those that are told, and maybe one somewhere in the quiet time."""
    told = scene.lost.get(exporter, [])
    if scene.scraping.outage != exporter:
        return told
    clock = scene.clock
    start = clock.start + scene.rng.uniform(0.1, 0.6) * (clock.event_start - clock.start)
    return [*told, (start, start + clock.step * scene.rng.uniform(2.0, 6.0))]


def since_restart(at: Floats, happened: Floats, weights: Floats | None, restarts: list[float]) -> Floats:
    """Running totals at `at` of events (N,) with weights (N,), from zero after each restart."""
    order = np.argsort(happened, kind="stable")
    weight = np.ones(len(happened)) if weights is None else weights[order]
    total = np.concatenate([[0.0], np.cumsum(weight)])

    def until(instants: Floats) -> Floats:
        return np.asarray(total[np.searchsorted(happened[order], instants, side="right")])

    return _restarted(at, until, restarts)


def _below(at: Floats, happened: Floats, values: Floats, bounds: Floats, restarts: list[float]) -> Floats:
    """How many events had a value up to each of the bounds by `at`, shape (B, K), from zero after each restart."""
    instants = np.unique(np.concatenate([at, restarts]))
    cells = np.searchsorted(bounds, values) * (len(instants) + 1) + np.searchsorted(instants, happened)
    shape = len(bounds) + 1, len(instants) + 1
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    total = np.cumsum(np.cumsum(counts, axis=0), axis=1)[:-1].astype(np.float64)

    def until(wanted: Floats) -> Floats:
        return np.asarray(total[:, np.searchsorted(instants, wanted)])

    return _restarted(at, until, restarts)


def _restarted(at: Floats, until: Callable[[Floats], Floats], restarts: list[float]) -> Floats:
    """Totals at `at`, less what had been counted when the counter last began anew."""
    found = until(at)
    for restart in sorted(restarts):
        since = until(at) - until(np.array([restart]))
        found = np.where(at >= restart, since, found)
    return np.asarray(found)


def _first_tokens(book: Book, target: Target, labels: dict[str, str], victim: Victim, answered: Answered) -> None:
    first, ttft = answered.served.first_token_at, answered.ttft
    restarts = [start for start, _ in victim.pauses]
    buckets = _below(target.at, first, ttft, np.array(victim.bounds), restarts)
    count = since_restart(target.at, first, None, restarts)
    for bound, values in zip(map(_le, victim.bounds), buckets, strict=True):
        book.put("ttft_bucket", {**labels, "le": bound}, target.on_grid(values), target.interval)
    book.put("ttft_bucket", {**labels, "le": "+Inf"}, target.on_grid(count), target.interval)
    book.put("ttft_count", labels, target.on_grid(count), target.interval)
    total = since_restart(target.at, first, ttft, restarts)
    book.put("ttft_sum", labels, target.on_grid(total), target.interval)


def _le(bound: float) -> str:
    """As Python's client spells it."""
    return str(float(bound))


def _load(book: Book, target: Target, labels: dict[str, str], victim: Victim, answered: Answered) -> None:
    arrivals, served = answered.arrivals, answered.served
    restarts = [start for start, _ in victim.pauses]
    finished = served.first_token_at + arrivals.generated_tokens * victim.decode_per_token
    done = since_restart(target.at, finished, None, restarts)
    lengths = since_restart(target.at, finished, arrivals.prompt_tokens, restarts)
    prompts = since_restart(target.at, served.first_token_at, arrivals.prompt_tokens, restarts)
    generated = _generated(target.at, served.first_token_at, finished, arrivals.generated_tokens, restarts)
    waiting = _inside(target.at, arrivals.at, served.started_at)
    running = _inside(target.at, served.started_at, finished)
    for signal, values in (
        ("prompt_tokens", prompts),
        ("prompt_length_sum", lengths),
        ("prompt_length_count", done),
        ("generation_tokens", generated),
        ("requests_waiting", waiting),
        ("requests_running", running),
    ):
        book.put(signal, labels, target.on_grid(values), target.interval)
    stopped = {**labels, "finished_reason": "stop"}
    book.put("requests_finished", stopped, target.on_grid(done), target.interval)


def _generated(at: Floats, first: Floats, finished: Floats, tokens: Floats, restarts: list[float]) -> Floats:
    """Whole tokens by `at`: those of a request come evenly from its first to its end, from zero after each restart."""
    return np.floor(_restarted(at, lambda instants: spread(instants, first, finished, tokens), restarts))


def _inside(at: Floats, entered: Floats, left: Floats) -> Floats:
    """How many had entered and not left."""
    came = np.searchsorted(np.sort(entered), at, side="right")
    return np.asarray(came - np.searchsorted(np.sort(left), at, side="right"), dtype=np.float64)
