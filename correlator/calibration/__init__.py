"""The confidence model as fitted on labelled cases, with where it came from."""

from correlator.calibration.model_file import CalibrationError, bundled, read

__all__ = ["CalibrationError", "bundled", "read"]
