"""Two vectors: which of their series belong together, and what comes of each pair."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import promql_parser as promql
from numpy.typing import NDArray

from correlator.promql.errors import ExecutionError, TooMuchError
from correlator.promql.operators import ARITHMETIC, compare, compute
from correlator.promql.values import NAME, Flags, LabelSet, Vector, dropping, keeping, numbered, united

_MANY = (
    "found duplicate series for the match group {group} on the {side} hand-side of the operation: [{first}, {second}]"
    ";many-to-many matching not allowed: matching labels must be unique on one side"
)
_ONE_TO_ONE = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
_GROUPED = "multiple matches for labels: grouping labels must ensure unique matches"


@dataclass(frozen=True, slots=True)
class Matching:
    """How series are matched: `on` these labels or `ignoring` them, and what is taken over from the side of the one."""

    labels: tuple[str, ...] = ()
    is_on: bool = False
    is_grouped: bool = False
    many_is_right: bool = False
    included: tuple[str, ...] = ()
    gives_bool: bool = False

    def signature(self, labels: LabelSet) -> LabelSet:
        """What two series that belong together have in common."""
        return keeping(labels, self.labels) if self.is_on else dropping(labels, (*self.labels, NAME))


def matching_of(modifier: Any) -> Matching:  # noqa: ANN401 - None where nothing is said
    """The words between operator and right side."""
    if modifier is None:
        return Matching()
    said, cards = modifier.matching, promql.VectorMatchCardinality
    return Matching(
        labels=tuple(said.labels) if said else (),
        is_on=said is not None and said.type == promql.LabelModifierType.Include,
        is_grouped=modifier.card in (cards.ManyToOne, cards.OneToMany),
        many_is_right=modifier.card == cards.OneToMany,
        included=tuple(modifier.group_labels or ()),
        gives_bool=modifier.return_bool,
    )


def set_operation(operator: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    """`and`, `or`, `unless`: whole series with their labels, step by step."""
    groups, lefts, rights = _grouped(left, right, matching)
    if operator == "or":
        has_left = _any_of(groups, lefts, left.present)
        more = right.where(right.present & ~has_left[rights])
        return united(_stacked(left, more))
    has_right = _any_of(groups, rights, right.present)[lefts]
    return left.where(left.present & (has_right if operator == "and" else ~has_right))


def _stacked(upper: Vector, lower: Vector) -> Vector:
    return Vector(
        [*upper.labels, *lower.labels],
        np.concatenate([upper.values, lower.values]),
        np.concatenate([upper.present, lower.present]),
    )


def pairwise(operator: str, left: Vector, right: Vector, matching: Matching, most_values: int) -> Vector:
    """Arithmetic or comparison of the series that match.

    Raises ExecutionError where a step has several candidates on the side of the one, or two results with equal labels,
    and TooMuchError where all pairs have more than `most_values` values.
    """
    many, one = (right, left) if matching.many_is_right else (left, right)
    groups, of_many, of_one = _grouped(many, one, matching)
    _refuse_several(many, one, of_one, matching)
    sizes = [np.bincount(numbers, minlength=len(groups)) for numbers in (of_many, of_one)]
    if int(np.dot(*sizes)) * many.values.shape[1] > most_values:
        raise TooMuchError
    chosen, partners = _pairs(of_many, of_one)
    upper, lower = many.rows(chosen), one.rows(partners)
    first, second = (lower.values, upper.values) if matching.many_is_right else (upper.values, lower.values)
    present = upper.present & lower.present
    if operator in ARITHMETIC:
        values = compute(operator, first, second)
    else:
        meets = compare(operator, first, second)
        values = meets.astype(np.float64) if matching.gives_bool else first
        present = present if matching.gives_bool else present & meets
    if not matching.is_grouped:
        _refuse_two(present, of_many[chosen])
    names = _naming(operator, matching)
    labels = [names(upper.labels[row], lower.labels[row]) for row in range(len(chosen))]
    return united(Vector(labels, values, present), _GROUPED if matching.is_grouped else _ONE_TO_ONE)


def _naming(operator: str, matching: Matching) -> Callable[[LabelSet, LabelSet], LabelSet]:
    """What the result of a pair is called."""
    gone = (NAME,) if operator in ARITHMETIC or matching.gives_bool else ()

    def name(many: LabelSet, one: LabelSet) -> LabelSet:
        if matching.is_grouped:
            taken = keeping(one, matching.included)
            return tuple(sorted((*dropping(many, (*gone, *matching.included)), *taken)))
        kept = keeping(many, matching.labels) if matching.is_on else dropping(many, matching.labels)
        return dropping(kept, gone)

    return name


def _grouped(
    left: Vector, right: Vector, matching: Matching
) -> tuple[list[LabelSet], NDArray[np.intp], NDArray[np.intp]]:
    """The signatures, and their number for each series of either side."""
    groups, numbers = numbered([matching.signature(labels) for labels in (*left.labels, *right.labels)])
    return groups, numbers[: len(left.labels)], numbers[len(left.labels) :]


def _any_of(groups: Sequence[LabelSet], numbers: NDArray[np.intp], present: Flags) -> Flags:
    """(groups, n): whether some series of the group has a value."""
    found = np.zeros((len(groups), present.shape[1]), np.bool_)
    np.logical_or.at(found, numbers, present)
    return found


def _pairs(of_many: NDArray[np.intp], of_one: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the many and of the one that are in the same group."""
    partners: dict[int, list[int]] = {}
    for row, group in enumerate(of_one.tolist()):
        partners.setdefault(group, []).append(row)
    pairs = [(row, other) for row, group in enumerate(of_many.tolist()) for other in partners.get(group, ())]
    chosen = np.array(pairs, np.intp).reshape(-1, 2)
    return chosen[:, 0], chosen[:, 1]


def _counted(numbers: NDArray[np.intp], present: Flags) -> NDArray[np.int64]:
    counts = np.zeros((int(numbers.max(initial=-1)) + 1, present.shape[1]), np.int64)
    np.add.at(counts, numbers, present)
    return counts


def _refuse_several(many: Vector, one: Vector, of_one: NDArray[np.intp], matching: Matching) -> None:
    """Only one candidate at a step; where the other side is empty nobody looks."""
    several = (_counted(of_one, one.present) > 1) & many.present.any(axis=0)
    if not several.any():
        return
    group, step = np.argwhere(several)[0]
    rows = [row for row in np.flatnonzero(of_one == group).tolist() if one.present[row, step]]
    side = "left" if matching.many_is_right else "right"
    names = {"first": described(one.labels[rows[1]]), "second": described(one.labels[rows[0]])}
    shared = described(matching.signature(one.labels[rows[0]]))
    raise ExecutionError(_MANY.format(group=shared, side=side, **names))


def _refuse_two(present: Flags, groups: NDArray[np.intp]) -> None:
    """Only one result of a group at a step."""
    if (_counted(groups, present) > 1).any():
        raise ExecutionError(_ONE_TO_ONE)


def described(labels: LabelSet) -> str:
    """Labels as Prometheus lists them in errors."""
    return "{" + ", ".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
