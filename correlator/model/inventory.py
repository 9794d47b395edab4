"""What a source has of what is needed: the answer of `check`, and a part of the daemon's status."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFound:
    """A server behind the source: `answers_as` says what it is; `error` why it is not known, "" without one.

    `name` is "" for the only one. `clock_difference_seconds` is its clock less ours, None where it does not answer.
    """

    name: str
    address: str
    answers_as: str
    clock_difference_seconds: float | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFound:
    """One signal: whether it is there, how often it is updated, and otherwise where it would come from."""

    name: str
    exporter: str
    required: bool
    found: bool
    series: int
    interval_seconds: int | None
    newest_age_seconds: float | None
    error: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """Why the slow first tokens of some victims could not be explained; `victims` has `count` names, or the first."""

    reason: str
    count: int
    victims: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomFound:
    """Who has a symptom other than first tokens, and of how many it could be explained.

    `victims` has `count` names, or the first.
    """

    name: str
    quantity: str
    count: int
    victims: tuple[str, ...]
    explainable: int
    unexplained: tuple[Unexplained, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What is missing or odd, and what mends it; `chart_value` is of kube-prometheus-stack, "" for none."""

    finding: str
    remedy: str
    chart_value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsFound:
    """One kind of object of the Kubernetes API: how many are known; `problem` why not all, or only of old, "" if so.

    `missing_rule` is the rule of a ClusterRole that would allow what was refused, "" where nothing was.
    """

    name: str
    known: int
    problem: str = ""
    missing_rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesFound:
    """Whether the Kubernetes API is asked, what it lists, and what it tells that no series does.

    `mode` is the setting in effect, `off` where nothing is asked, and then `reason` says why. `is_reachable` is whether
    it listed any kind of object. `added` maps a signal to how many rows of the newest answer the API alone told.
    """

    mode: str
    reason: str = ""
    is_reachable: bool = False
    objects: tuple[ObjectsFound, ...] = ()
    added: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What there is, what is missing, and how many victims can be explained.

    `missing` says why the main job could not run. `victims` and `volumes` hold names, `victim_count` and
    `volume_count` how many there are. Victims are those with first tokens; `symptoms` tells of all who have another
    symptom, whether or not they are among them. `mapped_ratio` is None without pods; `unmapped` says why a pod has no
    volume. `kubernetes` is None where it was not looked at, as for a recording.
    """

    source: str
    servers: tuple[ServerFound, ...]
    can_run: bool
    missing: tuple[str, ...]
    step_seconds: int | None
    signals: tuple[SignalFound, ...]
    victim_count: int
    victims: tuple[str, ...]
    explainable_victims: int
    unexplained: tuple[Unexplained, ...]
    symptoms: tuple[SymptomFound, ...]
    volume_count: int
    volumes: tuple[str, ...]
    pods: int
    mapped_ratio: float | None
    unmapped: Mapping[str, str]
    remedies: tuple[Remedy, ...]
    quality: tuple[str, ...]
    kubernetes: KubernetesFound | None = None
