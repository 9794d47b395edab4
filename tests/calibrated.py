"""What the engine is told in tests: as the daemon tells it unless a test changes something."""

from typing import Any

from correlator.analysis.parameters import Parameters
from correlator.calibration import bundled


def calibrated(**changes: Any) -> Parameters:  # noqa: ANN401 - a change may be of any field
    """The defaults, with the confidence model that comes with the package."""
    return Parameters(**{"confidence": bundled(), **changes})
