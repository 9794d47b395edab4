"""Whether a case shows what its kind claims. What does not is no case, whatever was meant to happen."""

from tests.simulator.case import VictimTruth
from tests.simulator.kinds import Kind
from tests.simulator.truth import UNATTRIBUTED, Impact

MOST = 0.5


def is_shown(kind: Kind, truth: VictimTruth, impact: Impact) -> bool:
    """Whether first tokens moved, and by that way, or did not."""
    own = truth.shares.get(f"{truth.namespace}/{truth.pod}", 0.0)
    match kind.verdict:
        case None:
            return impact.kept
        case "contention":
            seen = bool(truth.culprits) or truth.shares.get(UNATTRIBUTED, 0.0) > MOST
            return impact.moved and impact.by_storage and seen and own < MOST
        case "degraded_device" | "undetermined":
            return impact.moved and impact.by_storage
        case "own_io":
            return impact.moved and impact.by_storage and own > MOST
        case _:
            return impact.moved and impact.not_by_storage
