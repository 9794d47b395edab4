"""What a report is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from correlator.model.finding import Evidence
from correlator.model.incident import Incident, Moment
from correlator.model.logs import LogEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """An incident with all that is known around it.

    `others` are the incidents of its episode without itself, `others_rest` how many more there are. `address` is where
    the daemon is reached, without a slash at its end; `picture` the address of the picture, a data URI or not, "" for
    none. `signals` maps a signal's name to whether it has fresh data now. `logs` is None where nobody looked.
    """

    incident: Incident
    evidence: Evidence
    moments: Sequence[Moment] = ()
    others: Sequence[Incident] = ()
    others_rest: int = 0
    logs: LogEvidence | None = None
    address: str = ""
    picture: str = ""
    version: str = ""
    source: str = ""
    demo: bool = False
    signals: Sequence[tuple[str, bool]] = ()
