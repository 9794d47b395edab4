"""What a look at one victim could not see: named, so that nobody takes it for a thing that was looked at."""

from correlator.analysis.case import Scene, VolumeCase
from correlator.analysis.domains import unseen
from correlator.analysis.load import LoadView
from correlator.analysis.victims import measured_of
from correlator.model.frame import BlindSpot
from correlator.model.signal import Measured
from correlator.model.symptom import TTFT

MEASURED_ELSEWHERE = {
    Measured.STAND_IN: "{}'s server does not tell its first tokens: the nearest that it shows stands in for them",
    Measured.GATEWAY: "{} is a gateway: its first tokens are those of model servers behind it, which no label names",
}
"""What is not seen of a victim whose first tokens are not the server's own."""


MEASURED = frozenset({"tokens_per_second", "prompt_processing", "etcd_fsync", "postgresql_transactions"})
"""Symptoms on which simulated cases have told how right the confidence is, though it was not fitted on them."""

HELD = "the confidence was not fitted on {}: it held on simulated cases, on real ones it is untried"
NOT_MEASURED = "the confidence was not fitted on {}, nor has anybody measured how right it is: take it as a guide"
NO_DAYS = "no days before are asked for"
"""What is not known of a symptom other than first tokens. See docs/decisions/symptoms.md."""


def blind_spots(scene: Scene, load: LoadView, volume: VolumeCase | None) -> tuple[BlindSpot, ...]:
    """The signals that a verdict on this victim had to do without; `volume` is None where none is mapped."""
    ref = scene.victim.key.ref
    measured = measured_of(scene.frames, scene.victim.key)
    spots = (
        [BlindSpot("ttft_bucket", MEASURED_ELSEWHERE[measured].format(ref))] if measured in MEASURED_ELSEWHERE else []
    )
    if scene.symptom.name != TTFT.name:
        words = HELD if scene.symptom.name in MEASURED else NOT_MEASURED
        spots.append(BlindSpot(scene.symptom.count, f"{words.format(scene.symptom.told_as)}; {NO_DAYS}"))
    if not load.seen:
        spots.append(BlindSpot("requests_finished", f"arrivals of {ref} are not known before or during"))
    if volume is None:
        why = scene.topology.unmapped.get(ref, "no series shows which device it uses")
        spots.append(BlindSpot("pod_reads", f"{ref} is not mapped to a volume: {why}"))
        return tuple(spots)
    name = volume.worse.volume.name
    if not volume.worse.seen:
        spots.append(unseen(volume.worse.volume))
    if not volume.pods_seen:
        spots.append(
            BlindSpot("pod_reads", f"node {volume.worse.volume.node}: I/O of pods is missing before or during")
        )
    if volume.exposure.probability is None:
        spots.append(BlindSpot("pod_io_waiting", f"neither reads nor I/O pressure of {ref} are known on {name}"))
    return tuple(spots)
