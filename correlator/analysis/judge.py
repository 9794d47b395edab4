"""Looks at one regression from every side and says why: the verdict with the numbers that it rests on."""

from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.burden import MOSTLY_NEW, load_was_added
from correlator.analysis.case import Case, Scene, Suspicion, VolumeCase
from correlator.analysis.confidence import CERTAIN_ELSEWHERE, ChainFeatures
from correlator.analysis.dependence import change_by, exposure_by
from correlator.analysis.domains import doers_on, sureness, telling, use_of, volumes_of
from correlator.analysis.errors import error_states
from correlator.analysis.features import chain_features, culprit_features
from correlator.analysis.history import Place, recalled
from correlator.analysis.level import Level
from correlator.analysis.links import WORSE, ExcessSplit, split_excess
from correlator.analysis.load import LoadView, view_load
from correlator.analysis.own_reads import own_reading
from correlator.analysis.parameters import Parameters
from correlator.analysis.rates import Bools
from correlator.analysis.suspects import contributions
from correlator.analysis.unseen import blind_spots
from correlator.analysis.volumes import pod_pressure
from correlator.analysis.windows import Spans, known_share
from correlator.model.finding import Verdict
from correlator.model.symptom import TTFT, Form
from correlator.model.topology import PodRef

MIN_STEPS = 3
"""Fewer slow steps than this are too few to accuse anybody."""

MIN_STEPS_WHEN_SMALL = 6
"""Nor are these enough where what was added is not most of what the volume serves."""

MIN_READINGS = 2
"""Nobody is named before the pods' counters were read so often since the onset."""

NOBODY_ADDED = 0.35
"""Below this probability that load was added, the device itself got slow. In between it is not known who did it."""

EXPOSED = 0.5
"""As WORSE: from this probability on a link counts as there when a verdict is chosen."""


def judge(scene: Scene, parameters: Parameters) -> Case:
    """The verdict on one regression."""
    during = Level.over(scene.victim, scene.spans.during)
    load = view_load(scene.victim, scene.spans)
    used = volumes_of(scene.topology, scene.victim.key.ref)
    volume = telling((_volume_case(scene, each, ref, during, load) for each, ref in used), scene.topology)
    split = volume.split if volume else split_excess(scene.before, during, load, None, 0.0)
    ruling = _held(_rule(scene, load, volume, split, parameters), scene)
    suspicions = _suspicions(scene, volume, ruling, parameters) if volume else ()
    ruling = _settle(ruling, suspicions, parameters)
    return Case(
        victim=scene.victim,
        spans=scene.spans,
        onset=scene.onset,
        before=scene.before,
        during=during,
        load=load,
        volume=volume,
        split=split,
        stalled=scene.stalled,
        verdict=ruling.verdict,
        confidence=ruling.confidence,
        reasons=ruling.reasons,
        chain=ruling.chain,
        suspicions=suspicions,
        blind_spots=blind_spots(scene, load, volume),
        symptom=scene.symptom,
        silent=scene.silent,
    )


def _volume_case(scene: Scene, volume_id: str, ref: PodRef, during: Level, load: LoadView) -> VolumeCase:
    """A volume as `ref` feels it: the victim, or a pod that it depends on."""
    frames, topology, spans = scene.frames, scene.topology, scene.spans
    use, errors = use_of(frames, topology, volume_id, ref), error_states(frames, topology, volume_id)
    worse = change_by(scene.symptom.relies_on)(topology.volumes[volume_id], use, spans, errors)
    pods = doers_on(frames, topology, volume_id)
    pressure = pod_pressure(frames, "pod_io_waiting", ref)
    excess = during.mean - scene.before.mean
    if load.is_up and np.isfinite(load.explained_seconds):
        excess -= min(max(excess, 0.0), load.explained_seconds)
    no_seconds = scene.stalled or scene.symptom.form is Form.SHARE
    felt = exposure_by(scene.symptom.relies_on)(
        scene.victim, pods.loads.get(ref), pressure, worse, spans, float("nan") if no_seconds else excess
    )
    split = split_excess(scene.before, during, load, felt, worse.got_worse)
    if no_seconds and worse.got_worse * (felt.probability or 0.0) >= WORSE:
        split = replace(split, storage=split.total - split.load, unexplained=0.0)  # they waited for reads, all of it
    return VolumeCase(
        worse=worse,
        exposure=felt,
        split=split,
        contributions=recalled(
            contributions(pods, worse.use, worse.prices, spans, scene.onset, frames.grid.step), Place(scene, worse)
        ),
        via="own" if ref == scene.victim.key.ref else "depends_on",
        pods_seen=_pods_seen(pods.told, spans),
        readings=pods.readings_in(spans.during),
    )


def _pods_seen(visible: Bools, spans: Spans) -> bool:
    values = np.where(visible, 1.0, np.nan)
    return min(known_share(values, spans.before), known_share(values, spans.during)) >= WORSE


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict with its probability and the named reasons for it; `chain` where others' I/O is what is left."""

    verdict: Verdict
    confidence: float
    reasons: tuple[str, ...]
    chain: ChainFeatures | None = None


def _rule(
    scene: Scene, load: LoadView, volume: VolumeCase | None, split: ExcessSplit, parameters: Parameters
) -> Ruling:
    """The verdict, from what must hold first to what is left over."""
    if int(scene.spans.during.sum()) < MIN_STEPS:
        return Ruling(Verdict.UNDETERMINED, 0.0, ("evidence_still_gathering",))
    if volume is None or not volume.worse.seen:
        return _without_volume(load, "volume_not_seen" if volume else "victim_not_mapped_to_a_volume")
    if volume.worse.got_worse < WORSE:
        return _quiet_volume(load, volume, scene, split)
    if volume.exposure.probability is None:
        return Ruling(Verdict.UNDETERMINED, 0.0, ("volume_got_worse", "victim_io_not_seen"))
    if volume.exposure.probability < EXPOSED:
        return _not_storage(load, ("volume_got_worse", "victim_not_exposed"), 1.0 - volume.exposure.probability)
    return _busy_volume(load, volume, scene, split, parameters)


def _held(ruling: Ruling, scene: Scene) -> Ruling:
    """Less sure where the confidence was not fitted: on other symptoms, and on work that stopped without a word."""
    if scene.symptom.name == TTFT.name and not scene.silent:
        return ruling
    return replace(ruling, confidence=min(ruling.confidence, CERTAIN_ELSEWHERE))


def _without_volume(load: LoadView, reason: str) -> Ruling:
    """Storage cannot be judged; load alone still can when it explains the rise by itself."""
    reasons = (reason, "load_rose") if load.is_up else (reason,)
    return Ruling(Verdict.UNDETERMINED, 0.0, reasons)


def _quiet_volume(load: LoadView, volume: VolumeCase, scene: Scene, split: ExcessSplit) -> Ruling:
    """TTFT that rises while the volume is quiet is never contention, whoever started writing at that minute."""
    own = own_reading(scene.victim, volume, scene.spans, split)
    if own >= WORSE:
        return _own_io(load, volume, scene, Ruling(Verdict.OWN_IO, own, ("volume_quiet", "own_reads_rose")))
    felt = volume.exposure.pressure
    reasons: tuple[str, ...] = ("volume_quiet",)
    if felt.observed is not None and felt.observed > (felt.baseline or 0.0) + 0.2 and split.load < split.total / 2:
        reasons += ("held_by_own_limit",)
    if scene.stalled:
        reasons += ("no_first_tokens_while_requests_wait",)
    return _not_storage(load, reasons, 1.0 - volume.worse.got_worse, stalled=scene.stalled)


def _not_storage(load: LoadView, reasons: tuple[str, ...], confidence: float, *, stalled: bool = False) -> Ruling:
    """Load, or neither; more load makes first tokens late, it does not stop them."""
    if load.is_up and not stalled:
        return Ruling(Verdict.LOAD, 0.95 * confidence, (*reasons, "load_rose"))
    return Ruling(Verdict.OTHER, 0.9 * confidence, (*reasons, _load_word(load)))


def _load_word(load: LoadView) -> str:
    if load.is_up:
        return "load_rose"
    return "load_unchanged" if load.seen else "load_not_seen"


def _busy_volume(
    load: LoadView, volume: VolumeCase, scene: Scene, split: ExcessSplit, parameters: Parameters
) -> Ruling:
    """The volume got worse and the victim feels it: whose I/O was it?"""
    chain = volume.worse.got_worse * (volume.exposure.probability or 0.0)
    reasons = ("volume_got_worse", "victim_exposed", *(("load_rose",) if load.is_up else ()))
    too_thin = _too_thin(volume, scene.spans)
    if too_thin is not None:
        return Ruling(Verdict.UNDETERMINED, 0.0, (*reasons, too_thin))
    added = load_was_added(volume, scene.spans)
    if added < NOBODY_ADDED:
        return Ruling(Verdict.DEGRADED_DEVICE, chain * (1.0 - added), (*reasons, "nobody_added_load"))
    own = volume.contributions.share_of(scene.victim.key.ref)
    if own > 1.0 - own:
        return _own_io(load, volume, scene, Ruling(Verdict.OWN_IO, chain * added * own, reasons))
    if split.total > 0 and split.load > split.storage:
        return Ruling(Verdict.LOAD, 0.9 * split.load / split.total, (*reasons, "load_explains_more_than_storage"))
    features = chain_features(volume, scene.spans, added)
    contention = parameters.confidence.chain.probability(features)
    return Ruling(Verdict.CONTENTION, contention, (*reasons, "others_added_load"), features)


def _too_thin(volume: VolumeCase, spans: Spans) -> str | None:
    """Why what was seen of pods' I/O is too little to name anybody; None when it will do."""
    if volume.readings < MIN_READINGS or not volume.pods_seen:
        return "evidence_still_gathering" if volume.pods_seen or volume.readings else "pod_io_not_seen"
    small = volume.contributions.added_part < MOSTLY_NEW
    return "evidence_still_gathering" if small and int(spans.during.sum()) < MIN_STEPS_WHEN_SMALL else None


def _own_io(load: LoadView, volume: VolumeCase, scene: Scene, ruling: Ruling) -> Ruling:
    """The victim itself added most: because it had more to do, or of its own accord."""
    if load.is_up and _reads_follow_load(volume, scene, load):
        return Ruling(Verdict.LOAD, ruling.confidence, (*ruling.reasons, "own_io_follows_load"))
    return Ruling(Verdict.OWN_IO, ruling.confidence, (*ruling.reasons, "own_io_rose"))


def _reads_follow_load(volume: VolumeCase, scene: Scene, load: LoadView) -> bool:
    """Whether the victim's own I/O grew no more than its prompts did."""
    own = volume.contributions.of(scene.victim.key.ref)
    if own is None:
        return True
    rates = (load.arrivals, load.prompt_length)
    growth = np.prod([c.observed / c.baseline for c in rates if c.baseline and c.observed])
    before = float(own.cost(volume.worse.prices, own.before))
    during = float(own.cost(volume.worse.prices, own.during))
    return bool(during <= 1.5 * growth * max(before, 1e-9))


def _suspicions(scene: Scene, volume: VolumeCase, ruling: Ruling, parameters: Parameters) -> tuple[Suspicion, ...]:
    """Everybody else who added load, by probability then share; outside contention nobody's exceeds the verdict's."""
    victim = scene.victim.key.ref
    sure = sureness(scene.topology, volume.worse.volume.id, victim)
    chain = ruling.confidence if ruling.verdict is Verdict.CONTENTION else 0.0
    model = parameters.confidence.culprit
    asked = [
        item
        for item in volume.contributions.items
        if item.ref != victim and item.rise > 0 and item.share >= 0.01  # noqa: PLR2004
    ]
    features = [(item, culprit_features(item, volume)) for item in asked]
    found = [
        Suspicion(
            contribution=item,
            features=seen,
            confidence=chain * model.probability(seen) * sure(item.ref),
        )
        for item, seen in features
    ]
    return tuple(sorted(found, key=lambda s: (-s.confidence, -s.contribution.share, str(s.ref))))


def _settle(ruling: Ruling, suspicions: tuple[Suspicion, ...], parameters: Parameters) -> Ruling:
    """Contention without anybody to name with some confidence is a thing that the engine does not know."""
    if ruling.verdict is not Verdict.CONTENTION:
        return ruling
    best = suspicions[0] if suspicions else None
    if best is None or best.confidence < WORSE:
        return replace(
            ruling, verdict=Verdict.UNDETERMINED, confidence=0.0, reasons=(*ruling.reasons, "no_suspect_stands_out")
        )
    if best.ref is None:
        return replace(ruling, reasons=(*ruling.reasons, "unattributed_io_carries_the_rise"))
    if best.confidence < parameters.accusation_threshold:
        return replace(ruling, reasons=(*ruling.reasons, "no_suspect_sure_enough_to_accuse"))
    return ruling
