"""Pictures for whoever asks: drawn beside other answers, never in their place, and not twice."""

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
from fastapi.concurrency import run_in_threadpool

from correlator.model.finding import Evidence
from correlator.model.incident import Incident
from correlator.picture import Format, draw
from correlator.web.state import WebState

KEPT = 16


@dataclass(slots=True)
class Pictures:
    """The newest few pictures. One is drawn at a time, in a thread that others' answers do not wait for."""

    drawing: Callable[[Incident, Evidence, Format], bytes] = draw
    _kept: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _limiter: anyio.CapacityLimiter | None = None

    async def of(self, state: WebState, incident: Incident, kind: Format) -> bytes:
        """The picture of an incident as it is now. May raise StoreError."""
        tag = tag_of(incident, kind)
        if (known := self._known(tag)) is not None:
            return known
        evidence = await run_in_threadpool(state.incidents.evidence, incident.id)
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(1)  # it belongs to the loop that runs by now
        drawn = functools.partial(self._drawn, tag, incident, evidence or Evidence(), kind)
        return await anyio.to_thread.run_sync(drawn, limiter=self._limiter)

    def _drawn(self, tag: str, incident: Incident, evidence: Evidence, kind: Format) -> bytes:
        """Drawn, unless somebody else asked for it meanwhile."""
        if (known := self._known(tag)) is not None:
            return known
        picture = self.drawing(incident, evidence, kind)
        with self._lock:
            self._kept[tag] = picture
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return picture

    def _known(self, tag: str) -> bytes | None:
        with self._lock:
            if tag in self._kept:
                self._kept.move_to_end(tag)
            return self._kept.get(tag)


def tag_of(incident: Incident, kind: str) -> str:
    """What a picture depends on: the same tag, the same bytes."""
    return f"{incident.id}-{incident.updated_at.timestamp():.0f}-{kind}"
