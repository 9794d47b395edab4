"""What a Prometheus-like server answered: JSON straight into columns, everything else an error in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from correlator.model.frame import Floats
from correlator.model.source import SourceError
from correlator.sources import histograms

_SHOWN_CHARACTERS = 120
_OK = 200
_REDIRECTS = range(300, 400)
_SERVER_FAULTS = range(500, 600)
_MAY_PASS = {408, 425, 429, 499}
_PREFIXES = dict.fromkeys(
    (400, 404), " (a Mimir's address ends in /prometheus, that of a VictoriaMetrics cluster in /select/0/prometheus)"
)
_PASSING_ERRORS = {"timeout", "canceled", "internal", "unavailable"}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Series as columns: series i owns the next `counts[i]` elements of `times` and `values`.

    `times` are epoch seconds; a NaN among `values` is one that was stored. `notes` is what the server said beside
    the data: partial, warnings, infos. `native` has the series with native histogram samples, as they came.
    """

    metrics: Sequence[Mapping[str, str]]
    counts: NDArray[np.int64]
    times: Floats
    values: Floats
    notes: tuple[str, ...] = ()
    native: Sequence[Mapping[str, Any]] | None = None

    def with_buckets(self) -> "Answer":
        """The same, with a series for each bucket of its native histograms: cumulative, the bound in the label `le`."""
        rows = [(series["metric"], samples_of(series)) for series in self.native or ()]
        names = len(histograms.NAMES)
        return Answer(
            metrics=[*self.metrics, *({**metric, "le": bound} for metric, _ in rows for bound in histograms.NAMES)],
            counts=np.concatenate([self.counts, *(np.full(names, len(samples)) for _, samples in rows)]),
            times=np.concatenate(
                [self.times, *(np.tile([float(at) for at, _ in samples], names) for _, samples in rows)]
            ),
            values=np.concatenate([self.values, *(histograms.cumulative(samples).ravel() for _, samples in rows)]),
            notes=self.notes,
        )

    def newest(self) -> dict[str, float]:
        """The largest finite value of each series by its label `instance` ("" without one)."""
        found: dict[str, float] = {}
        ends = np.cumsum(self.counts)
        for metric, end, count in zip(self.metrics, ends, self.counts, strict=True):
            values = self.values[end - count : end]
            finite = values[np.isfinite(values)]
            if finite.size:
                instance = metric.get("instance", "")
                found[instance] = max(found.get(instance, -np.inf), float(finite.max()))
        return found


@dataclass(frozen=True, slots=True)
class Received:
    """An HTTP answer as it came; `url` carries no secrets."""

    url: str
    status: int
    content_type: str
    location: str
    body: bytes


def read_json(received: Received) -> dict[str, Any]:
    """The JSON object of a successful answer; anything else raises SourceError naming the URL and what came."""
    if received.status in _REDIRECTS:
        raise SourceError(
            f"{received.url} redirects to {received.location or 'nowhere'}: a login page, or the address has moved",
            retriable=False,
        )
    try:
        content = orjson.loads(received.body)
    except orjson.JSONDecodeError as error:
        raise _not_json(received, error) from error
    if not isinstance(content, dict):
        raise SourceError(f"{received.url} answered JSON of another kind: {_excerpt(received.body)}", retriable=False)
    if received.status != _OK or content.get("status") == "error":
        raise _refusal(received, content)
    return content


def read_answer(received: Received) -> Answer:
    """The columns of a query's answer; raises SourceError when it is none."""
    content = read_json(received)
    try:
        data = content["data"]
        return _columns(data["resultType"], data["result"], _notes(content))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SourceError(
            f"{received.url} answered JSON that is no query result ({error!r}): {_excerpt(received.body)}",
            retriable=False,
        ) from error


def _columns(kind: str, result: list[Any], notes: tuple[str, ...]) -> Answer:
    if kind in {"scalar", "string"}:
        metrics: list[Mapping[str, str]] = [{}]
        samples = [[result]]
    elif kind == "vector":
        metrics = [series["metric"] for series in result if "value" in series]
        samples = [[series["value"]] for series in result if "value" in series]
    elif kind == "matrix":
        metrics = [series["metric"] for series in result if "values" in series]
        samples = [series["values"] for series in result if "values" in series]
    else:
        raise ValueError(f"result type {kind!r}")
    native = [series for series in result if isinstance(series, dict) and samples_of(series)]
    pairs = list(chain.from_iterable(samples))
    return Answer(
        metrics=metrics,
        counts=np.fromiter(map(len, samples), np.int64, len(samples)),
        times=np.fromiter((pair[0] for pair in pairs), np.float64, len(pairs)),
        values=np.fromiter((float(pair[1]) for pair in pairs), np.float64, len(pairs)),
        notes=notes,
        native=native or None,
    )


def samples_of(series: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """The native histogram samples of a series, pairs of time and histogram."""
    many: Sequence[Sequence[Any]] = series.get("histograms") or ()
    return many or ([series["histogram"]] if "histogram" in series else ())


def _notes(content: Mapping[str, Any]) -> tuple[str, ...]:
    partial = ["partial: the server answered with a part of its data"] if content.get("isPartial") else []
    warnings = [f"{_word(str(text))}: {text}" for text in content.get("warnings") or []]
    infos = [f"info: {text}" for text in content.get("infos") or []]
    return tuple(partial + warnings + infos)


def _word(warning: str) -> str:
    """Whether a warning is about the query; all others tell of stores, sidecars or limits that kept data back."""
    return "warning" if warning.startswith("PromQL") else "partial"


def _refusal(received: Received, content: Mapping[str, Any]) -> SourceError:
    kind, text = content.get("errorType", ""), content.get("error") or _excerpt(received.body)
    said = f"{kind}: {text}" if kind else str(text)
    return SourceError(
        f"{received.url} answered HTTP {received.status}: {said}",
        retriable=_may_pass(received.status) or (received.status == _OK and kind in _PASSING_ERRORS),
    )


def _not_json(received: Received, error: Exception) -> SourceError:
    if received.status != _OK:
        said = f"HTTP {received.status}: {_excerpt(received.body) or 'no text'}{_PREFIXES.get(received.status, '')}"
        return SourceError(f"{received.url} answered {said}", retriable=_may_pass(received.status))
    if received.body.lstrip()[:1] == b"{":
        return SourceError(
            f"{received.url} answered JSON that breaks off or is damaged after {len(received.body)} bytes ({error})",
            retriable=True,
        )
    kind = received.content_type or "no content type"
    return SourceError(
        f"{received.url} answered {kind} instead of JSON ({_excerpt(received.body) or 'nothing'}): "
        "is this the address of a Prometheus?",
        retriable=False,
    )


def _may_pass(status: int) -> bool:
    return status in _SERVER_FAULTS or status in _MAY_PASS


def _excerpt(body: bytes) -> str:
    text = " ".join(body[: 4 * _SHOWN_CHARACTERS].decode("utf-8", errors="replace").split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
