"""One request, as those see it who answer it."""

from collections.abc import Mapping
from dataclasses import dataclass

from correlator.web.prometheus.forms import Form
from correlator.web.state import WebState


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, of whom, and what stands in the path."""

    state: WebState
    form: Form
    path: Mapping[str, str]

    @property
    def now_ms(self) -> int:
        """The time, in milliseconds since 1970."""
        return int(self.state.now().timestamp() * 1000)
