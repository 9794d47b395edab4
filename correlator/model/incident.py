"""Incidents and episodes: a finding's life from open to resolved, as it is stored and published."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from correlator.model.finding import (
    Advice,
    EndReason,
    Suspect,
    SymptomEffect,
    TtftEffect,
    UseChange,
    Verdict,
    Victim,
    VolumeSeen,
)
from correlator.model.frame import BlindSpot


class State(StrEnum):
    """Where an incident or an episode is in its life."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a person said of a verdict; `culprits` are `namespace/pod`."""

    verdict_right: bool
    culprits: tuple[str, ...] = ()
    note: str = ""
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where more is to be had, as paths below the daemon's address."""

    self: str
    plot: str
    page: str
    report: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A regression of one victim with its verdict, suspects and evidence. Field names are the published ones.

    `id` is opaque and depends on nothing but cluster, victim and first detected step, so that restarts and
    replays give the same one.
    """

    id: str
    episode_id: str
    cluster: str
    state: State
    verdict: Verdict
    confidence: float
    reasons: tuple[str, ...]
    started_at: datetime
    detected_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    end_reason: EndReason | None
    victim: Victim
    ttft: TtftEffect
    volume: VolumeSeen | None
    use: UseChange | None
    suspects: tuple[Suspect, ...]
    blind_spots: tuple[BlindSpot, ...]
    explanation: str
    advice: tuple[Advice, ...]
    feedback: Feedback | None
    links: Links
    symptom: SymptomEffect | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened to an incident, and what: `opened`, `updated` or `resolved`."""

    at: datetime
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Incidents that one cause explains: same volume or same culprits, overlapping in time.

    `victim_tiers` and `culprit_tiers` say which isolation tiers were hurt, and by which; unknown ones are left out.
    """

    id: str
    cluster: str
    state: State
    verdict: Verdict
    started_at: datetime
    ended_at: datetime | None
    volume_ids: tuple[str, ...]
    culprits: tuple[str, ...]  # accused pods, "namespace/pod"
    incident_ids: tuple[str, ...]
    victim_tiers: tuple[str, ...] = ()
    culprit_tiers: tuple[str, ...] = ()
