"""The contention lab: real block devices, writers, exporters, a real victim and Prometheus, and the truth.

Here lives everything that brings about an incident on purpose and writes down what really happened. It imports nothing
of `correlator`: what is measured must not depend on what measures. Tests use `running_lab`; people use
`python -m tests.lab`.
"""

from tests.lab.errors import LabError
from tests.lab.run import LabRun, running_lab
from tests.lab.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "LabError", "LabRun", "running_lab"]
