"""All outcomes of a run, sorted into what was judged, what crashed and what was no case."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.accuracy.judging import Outcome
from tests.accuracy.results import CaseResult, Failure, NotValidated, VictimResult


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Sorted by kind and seed, so that the order in which workers finish leaves no trace."""

    cases: tuple[CaseResult, ...]
    failures: tuple[Failure, ...]
    not_validated: tuple[NotValidated, ...]

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> "Outcomes":
        """Sort them."""
        found = list(outcomes)
        cases = [each for each in found if isinstance(each, CaseResult)]
        failures = [each for each in found if isinstance(each, Failure)]
        missing = [each for each in found if isinstance(each, NotValidated)]
        return cls(
            tuple(sorted(cases, key=lambda case: (case.kind, case.seed))),
            tuple(sorted(failures, key=lambda failure: (failure.kind, failure.seed))),
            tuple(sorted(missing, key=lambda each: (each.kind, each.seeds))),
        )

    @property
    def kinds(self) -> list[str]:
        """The kinds of which anything was judged."""
        return sorted({case.kind for case in self.cases})

    def of_kind(self, kind: str) -> list[CaseResult]:
        """The judged cases of one kind."""
        return [case for case in self.cases if case.kind == kind]


def victims_in(cases: Iterable[CaseResult]) -> Sequence[VictimResult]:
    """All victims of some cases."""
    return [victim for case in cases for victim in case.victims]
