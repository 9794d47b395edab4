"""Which series, labels and values there are, and what metrics mean: what Grafana's editor and variables ask."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson

import correlator
from correlator.model.series import Labels, Matcher
from correlator.promql import BadQueryError, PromqlError, parse_selector
from correlator.publish.families import FAMILIES
from correlator.web.prometheus.asked import Asked
from correlator.web.prometheus.errors import ApiError, invalid

LATEST_MS: Final = 253_402_300_799_999
API_VERSION: Final = "2.42.0"
"""The Prometheus whose answers these are."""

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TRUNCATED = "results truncated due to limit"


def series(asked: Asked) -> Iterator[bytes]:
    """The label sets that match."""
    if not asked.form.all("match[]"):
        raise ApiError("bad_data", "no match[] parameter provided")
    distinct = {tuple(sorted(labels.items())) for labels in _label_sets(asked)}
    return _limited(asked, [dict(labels) for labels in sorted(distinct)])


def label_names(asked: Asked) -> Iterator[bytes]:
    """The names of all labels of what matches, or of everything."""
    return _limited(asked, sorted({name for labels in _label_sets(asked) for name in labels}))


def label_values(asked: Asked) -> Iterator[bytes]:
    """The values of one label of what matches, or of everything."""
    name = asked.path["name"]
    if not _LABEL_NAME.fullmatch(name):
        raise ApiError("bad_data", f'invalid label name: "{name}"')
    return _limited(asked, sorted({labels[name] for labels in _label_sets(asked) if labels.get(name)}))


def metadata(asked: Asked) -> Iterator[bytes]:
    """Kind and meaning of each metric."""
    wanted, limit = asked.form.text("metric"), asked.form.limit()
    found = [family for family in FAMILIES if wanted in {"", family.name}][:limit]
    return _data({each.name: [{"type": each.kind, "help": each.help, "unit": ""}] for each in found})


def rules(_: Asked) -> Iterator[bytes]:
    """There are none."""
    return _data({"groups": []})


def alerts(_: Asked) -> Iterator[bytes]:
    """There are none here."""
    return _data({"alerts": []})


def build_information(_: Asked) -> Iterator[bytes]:
    """Whose answers these resemble, and who gives them."""
    who = {"revision": f"correlator {correlator.__version__}", "branch": "", "buildUser": "", "buildDate": ""}
    return _data({"version": API_VERSION, **who, "goVersion": ""})


def _label_sets(asked: Asked) -> Iterable[Labels]:
    """Of the series that match any of `match[]` and have a value between `start` and `end`."""
    start, end = asked.form.instant_ms("start", 0), asked.form.instant_ms("end", LATEST_MS)
    chosen: Sequence[tuple[Matcher, ...]] = [_selector(text) for text in asked.form.all("match[]")] or [()]
    start, end = max(start, 0), min(end, LATEST_MS)
    for matchers in chosen if start <= end else ():
        yield from asked.state.series.label_sets(matchers, start, end)


def _selector(text: str) -> tuple[Matcher, ...]:
    try:
        return parse_selector(text)
    except BadQueryError as error:
        raise invalid("match[]", error) from error
    except PromqlError as error:
        raise ApiError("execution", str(error)) from error


def _limited(asked: Asked, items: Sequence[Any]) -> Iterator[bytes]:
    limit = asked.form.limit()
    if limit is None or len(items) <= limit:
        return _data(items)
    return iter((orjson.dumps(items[:limit]), b',"warnings":', orjson.dumps([_TRUNCATED])))


def _data(value: object) -> Iterator[bytes]:
    return iter((orjson.dumps(value),))
