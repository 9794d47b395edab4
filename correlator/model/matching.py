"""Which labels match: the conditions of `model.series` with the regular expressions of PromQL.

RE2 and not Python's `re`: it is the syntax that PromQL names, and no expression that somebody sends takes more time
than grows with the text it is held against.
"""

from collections.abc import Callable, Sequence

import re2

from correlator.model.series import Labels, Matcher, MatchKind


class InvalidRegexError(ValueError):
    """A regular expression of a matcher is none that RE2 knows."""


def matching(matchers: Sequence[Matcher]) -> Callable[[Labels], bool]:
    """Whether labels meet all of `matchers`; a missing label is the empty text. Raises InvalidRegexError.

    What it gives remembers the values it has seen: one for each question, not one for ever.
    """
    conditions = [(matcher.label, _condition(matcher)) for matcher in matchers]
    return lambda labels: all(condition(labels.get(label, "")) for label, condition in conditions)


def _condition(matcher: Matcher) -> Callable[[str], bool]:
    match matcher.kind:
        case MatchKind.EQUAL:
            return matcher.value.__eq__
        case MatchKind.NOT_EQUAL:
            return matcher.value.__ne__
    return _remembering(_pattern(matcher.value), wanted=matcher.kind is MatchKind.REGEX)


def _pattern(expression: str) -> Callable[[str], object]:
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(f"^(?:{expression})$", options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        reason = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise InvalidRegexError(f"error parsing regexp: {reason}: `{expression}`") from error
    search: Callable[[str], object] = compiled.search
    return search


def _remembering(search: Callable[[str], object], *, wanted: bool) -> Callable[[str], bool]:
    seen: dict[str, bool] = {}

    def matches(value: str) -> bool:
        found = seen.get(value)
        if found is None:
            found = seen[value] = (search(value) is not None) is wanted
        return found

    return matches
