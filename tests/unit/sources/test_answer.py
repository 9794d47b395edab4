"""Reading what a server answered."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.model.source import SourceError
from correlator.sources.answer import Received, read_answer, read_json

URL = "http://prometheus.example/api/v1/query_range"


def received(body: bytes, status: int = 200, content_type: str = "application/json", location: str = "") -> Received:
    """An answer as it came."""
    return Received(URL, status, content_type, location, body)


def matrix(*series: tuple[dict[str, str], list[list[Any]]], **extras: Any) -> bytes:  # noqa: ANN401 - JSON
    """The body of a range query's answer."""
    result = [{"metric": labels, "values": values} for labels, values in series]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}, **extras}).encode()


def test_a_matrix_becomes_columns() -> None:
    """Series follow each other in the columns, and `counts` tells them apart."""
    body = matrix(({"a": "1"}, [[10, "1"], [11, "2.5"]]), ({}, []), ({"a": "2"}, [[10.5, "3e+06"]]))
    answer = read_answer(received(body))
    assert list(answer.metrics) == [{"a": "1"}, {}, {"a": "2"}]
    assert answer.counts.tolist() == [2, 0, 1]
    assert answer.times.tolist() == [10, 11, 10.5]
    assert answer.values.tolist() == [1, 2.5, 3e6]


def test_special_values_are_numbers() -> None:
    """NaN and both infinities arrive as such."""
    answer = read_answer(received(matrix(({}, [[1, "NaN"], [2, "+Inf"], [3, "-Inf"]]))))
    assert np.array_equal(answer.values, [np.nan, np.inf, -np.inf], equal_nan=True)


@given(st.lists(st.floats(allow_nan=False)))
def test_decoding_loses_nothing(numbers: list[float]) -> None:
    """Every float64 that a server prints in full comes back bit by bit."""
    answer = read_answer(received(matrix(({}, [[i, repr(number)] for i, number in enumerate(numbers)]))))
    assert answer.values.tobytes() == np.array(numbers, dtype=np.float64).tobytes()


def test_labels_stay_as_they_are() -> None:
    """Quotes, HTML, backslashes and letters of any script in a label survive decoding."""
    labels = {"pod": "a\"b'<script>alert(1)</script>\\\n", "name": "größe-日本"}
    assert list(read_answer(received(matrix((labels, [[1, "1"]])))).metrics) == [labels]


def test_vectors_and_scalars_have_one_value_each() -> None:
    """An instant answer is columns as well."""
    vector = {"resultType": "vector", "result": [{"metric": {"a": "1"}, "value": [5, "7"]}]}
    scalar = {"resultType": "scalar", "result": [5, "7"]}
    for data in (vector, scalar):
        answer = read_answer(received(json.dumps({"status": "success", "data": data}).encode()))
        assert (answer.times.tolist(), answer.values.tolist()) == ([5], [7])


def test_what_the_server_says_beside_the_data_is_kept() -> None:
    """isPartial, warnings and infos become notes; a warning that is not about the query tells of data left out."""
    warnings = ["PromQL warning: w", "No StoreAPIs matched for this query"]
    answer = read_answer(received(matrix(isPartial=True, warnings=warnings, infos=["i"])))
    assert answer.notes == (
        "partial: the server answered with a part of its data",
        "warning: PromQL warning: w",
        "partial: No StoreAPIs matched for this query",
        "info: i",
    )


def test_native_histograms_are_told() -> None:
    """Samples that are native histograms are kept as they came, beside the plain ones."""
    result = [{"metric": {}, "histograms": [[1, {"count": "1", "sum": "1"}]]}]
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()
    answer = read_answer(received(body))
    assert (answer.values.size, answer.native) == (0, result)


def test_the_newest_value_of_each_target() -> None:
    """`newest` is the largest finite value by instance; series without values are left out."""
    answer = read_answer(
        received(
            matrix(
                ({"instance": "a"}, [[1, "5"], [2, "NaN"]]),
                ({"instance": "a", "x": "1"}, [[1, "7"]]),
                ({"instance": "b"}, [[1, "NaN"]]),
            )
        )
    )
    assert answer.newest() == {"a": 7.0}


@pytest.mark.parametrize(
    ("answer", "said", "retriable"),
    [
        (received(b"<html><b>Login</b></html>", content_type="text/html"), "text/html instead of JSON (<html>", False),
        (received(b"", content_type=""), "no content type instead of JSON (nothing)", False),
        (received(matrix(({}, [[1, "1"]]))[:40]), "JSON that breaks off or is damaged after 40 bytes", True),
        (received(b"[1]"), "JSON of another kind: [1]", False),
        (received(b'{"status":"success"}'), "JSON that is no query result", False),
        (received(b'{"status":"success","data":{"resultType":"tensor","result":[]}}'), "'tensor'", False),
        (received(matrix(({}, [[1, "one"]]))), "no query result", False),
        (received(b'{"status":"error","errorType":"timeout","error":"slow"}'), "timeout: slow", True),
        (received(b'{"status":"error","errorType":"execution","error":"no"}'), "execution: no", False),
        (received(b'{"status":"error","errorType":"bad_data","error":"x"}', 400), "HTTP 400: bad_data: x", False),
        (received(b'{"status":"error","errorType":"execution","error":"x"}', 422), "HTTP 422: execution: x", False),
        (received(b'{"status":"error","errorType":"timeout","error":"x"}', 503), "HTTP 503: timeout: x", True),
        (received(b"<html>Bad Gateway</html>", 502, "text/html"), "HTTP 502: <html>Bad Gateway</html>", True),
        (received(b"", 401), "HTTP 401: no text", False),
        (received(b'{"message":"wait"}', 429), "HTTP 429", True),
        (received(b"", 302, location="https://login.example/"), "redirects to https://login.example/", False),
    ],
)
def test_refusals_and_rubbish_are_told(answer: Received, said: str, retriable: bool) -> None:
    """What is no answer becomes a SourceError with the URL, what came, and whether asking again may help."""
    with pytest.raises(SourceError) as caught:
        read_answer(answer)
    assert str(caught.value).startswith(URL)
    assert said in str(caught.value)
    assert caught.value.retriable is retriable


def test_long_answers_are_quoted_shortly() -> None:
    """An error page of a megabyte does not end up in the log."""
    with pytest.raises(SourceError) as caught:
        read_json(received(b"<p>" + b"x" * 1_000_000, content_type="text/html"))
    assert len(str(caught.value)) < 400
