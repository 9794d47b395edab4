"""All that is told of one case, in words and as evidence: who is blamed, and what would have been without them."""

from dataclasses import dataclass

from correlator.analysis.case import Case
from correlator.analysis.load import change
from correlator.model.finding import (
    Considered,
    Limit,
    MeanTtft,
    RuledOut,
    Suspect,
    SymptomEffect,
    TtftEffect,
    UseChange,
    Verdict,
    Victim,
    VolumeSeen,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that the paragraph tells of. `ttft` speaks of whatever is watched, in seconds.

    `blamed` are the accused, else whoever is most suspect of a contention.
    """

    victim: Victim
    ttft: TtftEffect
    symptom: SymptomEffect
    volume: VolumeSeen | None
    use: UseChange | None
    blamed: tuple[Suspect, ...]
    considered: tuple[Considered, ...]
    considered_rest: int
    ruled_out: tuple[RuledOut, ...]
    mean_ttft: MeanTtft
    limit: Limit | None

    @property
    def where(self) -> str:
        """What the volume is called."""
        return self.volume.name if self.volume else "its volume"


def blamed_of(case: Case, suspects: tuple[Suspect, ...]) -> tuple[Suspect, ...]:
    """The accused of a contention; where nobody is, the one who is most suspect."""
    if case.verdict is not Verdict.CONTENTION:
        return ()
    return tuple(suspect for suspect in suspects if suspect.accused) or suspects[:1]


def mean_ttft(case: Case, blamed: tuple[Suspect, ...]) -> MeanTtft:
    """The mean before and during, and what it would have been: less what the blamed cost."""
    seen = change(case.before.mean, case.during.mean)
    cost = sum(suspect.mean_excess_seconds or 0.0 for suspect in blamed)
    return MeanTtft(
        baseline_seconds=seen.baseline,
        observed_seconds=seen.observed,
        without_suspects_seconds=None if seen.observed is None or not blamed else seen.observed - cost,
    )
