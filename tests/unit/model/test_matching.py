"""Which labels match: anchoring, the missing label, and expressions that would stop other engines."""

import pytest

from correlator.model.matching import InvalidRegexError, matching
from correlator.model.series import Matcher, MatchKind


@pytest.mark.parametrize(
    ("kind", "value", "matching_pods"),
    [
        (MatchKind.EQUAL, "vllm-0", {"vllm-0"}),
        (MatchKind.NOT_EQUAL, "vllm-0", {"vllm-1", ""}),
        (MatchKind.EQUAL, "", {""}),
        (MatchKind.NOT_EQUAL, "", {"vllm-0", "vllm-1"}),
        (MatchKind.REGEX, "vllm", set()),
        (MatchKind.REGEX, "vllm-.|x", {"vllm-0", "vllm-1"}),
        (MatchKind.REGEX, ".*0|", {"vllm-0", ""}),
        (MatchKind.REGEX, "(?i)VLLM-0", {"vllm-0"}),
        (MatchKind.NOT_REGEX, "vllm-.", {""}),
        (MatchKind.NOT_REGEX, ".*", set()),
    ],
)
def test_kinds_of_conditions(kind: MatchKind, value: str, matching_pods: set[str]) -> None:
    """The whole value must match; a missing label is the empty text."""
    matches = matching([Matcher("pod", kind, value)])
    pods: list[dict[str, str]] = [{"pod": "vllm-0"}, {"pod": "vllm-1"}, {}]
    assert {labels.get("pod", "") for labels in pods if matches(labels)} == matching_pods


def test_all_conditions_must_hold() -> None:
    """Two conditions on one label are two conditions."""
    matches = matching([Matcher("pod", MatchKind.REGEX, "a.*"), Matcher("pod", MatchKind.NOT_EQUAL, "ab")])
    assert [pod for pod in ("a", "ab", "b") if matches({"pod": pod})] == ["a"]


def test_no_expression_takes_for_ever() -> None:
    """Where a backtracking engine would need longer than the universe is old, there is an answer."""
    matches = matching([Matcher("pod", MatchKind.REGEX, "(a|a)*(a+)+b")])
    assert not matches({"pod": "a" * 200})


@pytest.mark.parametrize("expression", ["(", "(?=a)a", r"\1", "a{1001}", "[z-a]"])
def test_what_is_no_re2_is_refused(expression: str) -> None:
    """The error shows the expression as it was given."""
    with pytest.raises(InvalidRegexError, match=r"^error parsing regexp: .*`"):
        matching([Matcher("pod", MatchKind.REGEX, expression)])
