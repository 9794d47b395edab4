"""What a look starts from, what it sees of a volume, and what it concludes."""

from dataclasses import dataclass

from correlator.analysis.archive import NO_ARCHIVE, Archive
from correlator.analysis.confidence import ChainFeatures, CulpritFeatures
from correlator.analysis.level import Level
from correlator.analysis.links import ExcessSplit, Exposure, VolumeChange
from correlator.analysis.load import LoadView
from correlator.analysis.suspects import Contribution, Contributions
from correlator.analysis.victims import Victim
from correlator.analysis.windows import Spans
from correlator.model.finding import Verdict
from correlator.model.frame import BlindSpot, Frames
from correlator.model.topology import PodRef, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One suspect with the probability that it is a culprit; `ref` None stands for unattributed I/O."""

    contribution: Contribution
    features: CulpritFeatures
    confidence: float

    @property
    def ref(self) -> PodRef | None:
        """The suspected pod."""
        return self.contribution.ref


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VolumeCase:
    """One volume that the victim uses, seen in the light of its regression."""

    worse: VolumeChange
    exposure: Exposure
    split: ExcessSplit
    contributions: Contributions
    pods_seen: bool
    readings: int
    via: str = "own"  # or "depends_on": who feels it is a pod that the victim needs

    @property
    def strength(self) -> float:
        """How far the volume got worse for a victim that is exposed to it."""
        felt = self.exposure.probability
        return self.worse.got_worse * (felt if felt is not None else 0.5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """All that a finding says, before it is put into words. `volume` is None where none is mapped or seen.

    `chain` is there where it came to asking who of the others did it.
    """

    victim: Victim
    spans: Spans
    onset: int
    before: Level
    during: Level
    load: LoadView
    volume: VolumeCase | None
    split: ExcessSplit
    stalled: bool
    verdict: Verdict
    confidence: float
    reasons: tuple[str, ...]
    chain: ChainFeatures | None
    suspicions: tuple[Suspicion, ...]
    blind_spots: tuple[BlindSpot, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What a look starts from: the window, the victim, which steps are before and during, and the days before."""

    frames: Frames
    topology: Topology
    victim: Victim
    spans: Spans
    onset: int
    before: Level
    stalled: bool
    archive: Archive = NO_ARCHIVE
