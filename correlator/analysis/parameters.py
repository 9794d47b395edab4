"""The thresholds that a user may set; what else the engine decides by stands beside its consumer."""

from dataclasses import dataclass

from correlator.analysis.confidence import ConfidenceModel
from correlator.model.symptom import Symptom


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What counts as a regression and as an accusation, how sure the engine is of whom, and what it watches.

    `symptoms` are those beside TTFT.
    """

    confidence: ConfidenceModel
    window_steps: int = 240
    window_seconds_minimum: int = 900
    accusation_threshold: float = 0.8
    ttft_ratio: float = 1.3
    ttft_floor_seconds: float = 0.01
    history_seconds: int = 3 * 86_400
    symptoms: tuple[Symptom, ...] = ()
