"""vLLM's metrics, by its names, labels and bucket bounds, kept when vLLM keeps them.

Time to first token is observed at the first token; queue and prefill times only when the request has finished.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

LABELS = ("model_name", "engine")
TTFT_BOUNDS = (
    0.001,
    0.005,
    0.01,
    0.02,
    0.04,
    0.06,
    0.08,
    0.1,
    0.25,
    0.5,
    0.75,
    1,
    2.5,
    5,
    7.5,
    10,
    20,
    40,
    80,
    160,
    640,
    2560,
)
REQUEST_BOUNDS = (0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680)
TOKEN_BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


class VllmMetrics:
    """The metrics of one engine."""

    def __init__(self, model_name: str) -> None:
        values = (model_name, "0")
        self._running = Gauge(
            "vllm:num_requests_running", "Number of requests in model execution batches.", LABELS
        ).labels(*values)
        self._waiting = Gauge(
            "vllm:num_requests_waiting", "Number of requests waiting to be processed.", LABELS
        ).labels(*values)
        self._prompt_tokens = Counter("vllm:prompt_tokens", "Number of prefill tokens processed.", LABELS).labels(
            *values
        )
        self._generated_tokens = Counter(
            "vllm:generation_tokens", "Number of generation tokens processed.", LABELS
        ).labels(*values)
        success = Counter(
            "vllm:request_success", "Count of successfully processed requests.", (*LABELS, "finished_reason")
        )
        self._stopped, self._cut = success.labels(*values, "stop"), success.labels(*values, "length")
        self._ttft = _histogram("time_to_first_token_seconds", TTFT_BOUNDS, values)
        self._queue = _histogram("request_queue_time_seconds", REQUEST_BOUNDS, values)
        self._prefill = _histogram("request_prefill_time_seconds", REQUEST_BOUNDS, values)
        self._decode = _histogram("request_decode_time_seconds", REQUEST_BOUNDS, values)
        self._total = _histogram("e2e_request_latency_seconds", REQUEST_BOUNDS, values)
        self._prompt_length = _histogram("request_prompt_tokens", TOKEN_BOUNDS, values)
        self._answer_length = _histogram("request_generation_tokens", TOKEN_BOUNDS, values)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While a request waits for a slot."""
        with self._waiting.track_inprogress():
            yield

    @contextmanager
    def running(self) -> Iterator[None]:
        """While a request is in the batch."""
        with self._running.track_inprogress():
            yield

    def first_token(self, ttft_seconds: float, prompt_tokens: int) -> None:
        """A request gave its first token."""
        self._ttft.observe(ttft_seconds)
        self._prompt_tokens.inc(prompt_tokens)
        self._generated_tokens.inc()

    def finished(
        self,
        *,
        prompt_tokens: int,
        generated_tokens: int,
        is_cut: bool,
        queue_seconds: float,
        prefill_seconds: float,
        decode_seconds: float,
        total_seconds: float,
    ) -> None:
        """A request gave its last token."""
        (self._cut if is_cut else self._stopped).inc()
        self._generated_tokens.inc(generated_tokens - 1)
        self._queue.observe(queue_seconds)
        self._prefill.observe(prefill_seconds)
        self._decode.observe(decode_seconds)
        self._total.observe(total_seconds)
        self._prompt_length.observe(prompt_tokens)
        self._answer_length.observe(generated_tokens)


def _histogram(name: str, bounds: tuple[float, ...], values: tuple[str, ...]) -> Histogram:
    return Histogram(f"vllm:{name}", f"Histogram of {name.replace('_', ' ')}.", LABELS, buckets=bounds).labels(*values)
