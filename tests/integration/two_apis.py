"""The same request to a real Prometheus and to the daemon's API, and in which their answers may differ."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any, TypeAlias

from fastapi.testclient import TestClient

from correlator.model.series import SeriesMatrix
from tests.kept import KeptSeries
from tests.unit.web.fakes import make_client, make_state

Parameters: TypeAlias = Mapping[str, str | Sequence[str]]
Answered: TypeAlias = tuple[int, Any]

WANTED_DIFFERENCES = """
What may differ between the daemon and Prometheus 2.42, and why:

- The order of an instant vector, but for topk at the top: Prometheus promises none, ours is sorted by labels.
- The last digit of what adds several series up: Prometheus adds in an order of its own, and `avg` is sum by count here.
- What comes after `parse error:`, and the place before it: the words are the parser's. In errors of `match[]` the
  daemon always names the parameter, Prometheus sometimes.
- Which two series an error about matching names: the first that were met.
- `metadata`: a counter is called by the name of its series, with _total; a scraped OpenMetrics family is not.
"""

_SUMS = re.compile(r"\b(?:sum|avg)\b(?!_over)")
_PLACE = re.compile(r'(?:invalid parameter "match\[\]": )?(?:(?:unknown position|\d+:\d+): )?(?=parse error)')


class TwoApis:
    """Both, over the same series."""

    def __init__(self, url: str, matrix: SeriesMatrix) -> None:
        self.url = url
        self.ours: TestClient = make_client(make_state(series=KeptSeries(matrix)))

    def both(self, path: str, parameters: Parameters, *, method: str = "POST") -> tuple[Answered, Answered]:
        """Status and body of either: the real one first. JSON is decoded, anything else is text."""
        form = urllib.parse.urlencode(parameters, doseq=True)
        in_url, body = (f"?{form}", None) if method == "GET" and form else ("", form.encode())
        body = body if method == "POST" else None
        request = urllib.request.Request(f"{self.url}/api/v1/{path}{in_url}", body, method=method)  # noqa: S310 - loopback
        real = _asked(request)
        headers = {"content-type": "application/x-www-form-urlencoded"} if body is not None else {}
        answer = self.ours.request(method, f"/prometheus/api/v1/{path}{in_url}", content=body, headers=headers)
        return real, (answer.status_code, _decoded(answer.headers["content-type"], answer.content))


def _asked(request: urllib.request.Request) -> Answered:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - a loopback URL
            return answer.status, _decoded(answer.headers.get("content-type", ""), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _decoded(error.headers.get("content-type", ""), error.read())


def _decoded(content_type: str, body: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    return json.loads(body) if content_type.startswith("application/json") else body.decode()


def same_answer(query: str, real: Answered, ours: Answered) -> bool:
    """Whether two answers to a query agree in all that they should."""
    if real[0] != ours[0]:
        return False
    if real[0] != 200:
        return _error(real[1]) == _error(ours[1])
    left, right = _ordered(query, real[1]["data"]), _ordered(query, ours[1]["data"])
    return left == right or (_SUMS.search(query) is not None and _close(left, right))


def _error(body: dict[str, Any]) -> dict[str, Any]:
    text = _PLACE.sub("", body["error"]).partition("parse error:")
    shown = "".join(text[:2]) if text[1] else text[0].partition("found duplicate series")[0] or "found duplicate series"
    return {**body, "error": shown}


def _ordered(query: str, data: dict[str, Any]) -> dict[str, Any]:
    if data["resultType"] != "vector" or query.startswith("topk("):
        return data
    return {**data, "result": sorted(data["result"], key=lambda item: sorted(item["metric"].items()))}


def _close(left: Any, right: Any) -> bool:  # noqa: ANN401 - the same
    """Equal, but for the last digits of numbers."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_close, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_close(left[key], right[key]) for key in left)
    if left == right or not isinstance(left, str) or not isinstance(right, str):
        return bool(left == right)
    try:
        return isclose(float(left), float(right), rel_tol=1e-12, abs_tol=1e-12)
    except ValueError:
        return False
