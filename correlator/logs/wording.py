"""What the counts say, in words: a rise is called one only where the test says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from correlator.logs.burst import Rise
from correlator.model.logs import LogRole, PodLogs

_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Errors and the seconds that they were counted over; None where the pod wrote no line."""

    errors_before: int | None
    errors_after: int | None
    before_seconds: float
    after_seconds: float


def pod_sentence(counted: Counted, rise: Rise) -> str:
    """What one pod's errors did."""
    if counted.errors_after is None:
        return "no log lines"
    after = f"{counted.errors_after} in {_minutes(counted.after_seconds)} after"
    if rise.p_value is None or counted.errors_before is None:
        return f"errors: {after}; too few log lines before the onset to compare with"
    counts = f"{counted.errors_before} in {_minutes(counted.before_seconds)} before, {after}"
    if not rise.is_rise:
        return f"errors did not clearly rise: {counts}" if counted.errors_after else f"no errors after: {counts}"
    if rise.rate_ratio is None:
        return f"errors began at the onset: {counts}"
    return f"errors rose {rise.rate_ratio:.3g} × at the onset: {counts}"


def sentence_of(pods: Sequence[PodLogs]) -> str:
    """One sentence for all pods, to stand beside the explanation."""
    seen = [pod for pod in pods if pod.errors_after is not None]
    if not seen:
        return "The logs say nothing: Loki has no line of these pods."
    rises = [f"{_who(pod)}: {pod.sentence}" for pod in seen if pod.rose]
    if rises:
        return f"In the logs of {'; '.join(rises)}."
    unclear = [pod for pod in seen if pod.p_value is None]
    said = f"No clear rise of errors in the logs of {', '.join(map(_who, seen))}"
    return f"{said}; not all could be compared with the time before." if unclear else f"{said}."


def _who(pod: PodLogs) -> str:
    name = f"{pod.namespace}/{pod.pod}"
    return f"the victim {name}" if pod.role is LogRole.VICTIM else name


def _minutes(seconds: float) -> str:
    return f"{seconds / _MINUTE:.0f} min"
