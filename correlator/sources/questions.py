"""The questions that a Prometheus-like server is asked, over one session: ranges, its time, its build, its names."""

import math
import re
from collections.abc import Collection
from datetime import UTC, datetime

from prometheus_api_client import PrometheusConnect

from correlator.catalog.narrowing import narrowed
from correlator.model.grid import Grid
from correlator.model.source import SourceError
from correlator.sources.answer import Answer, read_json
from correlator.sources.retention import retention_seconds
from correlator.sources.servers import (
    NEWEST_TOO,
    QUERY_PARAMETERS,
    UNKNOWN,
    Server,
    hidden_seconds,
    recognised,
    replica_parameters,
)
from correlator.sources.session import (
    Access,
    PrometheusSession,
    SafeRetry,
    authorization,
    received,
    split_credentials,
)


class Questions:
    """Asks one server; what never changes is asked once. Every method raises SourceError unless it says otherwise."""

    def __init__(self, url: str, access: Access) -> None:
        """Raises SourceError on what is no base URL."""
        self.access = access
        self.url, credentials = split_credentials(url)
        self.session = PrometheusSession(access)
        self._connect = PrometheusConnect(
            self.url,
            auth=authorization(access, credentials),
            session=self.session,
            retry=SafeRetry.of(access),
            method="POST",
        )
        self._matchers = [(label, re.escape(value)) for label, value in access.match.items()]
        self._parameters = {
            **QUERY_PARAMETERS,
            **replica_parameters(access.replica_labels),
            # the server stops soon after we stopped waiting; were it first, its 503 would be worth a repetition
            "timeout": f"{access.read_timeout_seconds + 1:g}s",
        }
        self._hidden: float | None = None
        self._retention: float | None = None
        self._server: Server | None = None

    def ask(self, query: str, grid: Grid) -> Answer:
        """The values of a query at the steps, of the series that `match` chooses."""
        answer: Answer = self._connect.custom_query_range(
            narrowed(query, self._matchers),
            start_time=datetime.fromtimestamp(grid.start, UTC),
            end_time=datetime.fromtimestamp(grid.last, UTC),
            step=str(grid.step),
            params=dict(self._parameters),
        )
        return answer

    def time(self) -> float:
        """The server's clock. That of VictoriaMetrics is the stamp of its answer: its value lies half a minute back."""
        return float(self._time().times[0])

    def learn_hidden(self, now: float) -> float:
        """How much of the past before `now`, which is ours, the server leaves out: it does so by its own clock."""
        answer = self._time()
        stamp = float(answer.times[0])
        hidden = hidden_seconds(stamp, float(answer.values[0]))
        self._hidden = hidden + max(0.0, now - stamp) if hidden else 0.0
        return self._hidden

    def hidden(self, now: float) -> float:
        """The same, asked for once; 0 while nobody answers, and no error."""
        if self._hidden is None:
            try:
                return self.learn_hidden(now)
            except SourceError:
                return 0.0
        return self._hidden

    def retention(self) -> float:
        """For how many seconds data is kept; infinite where that is not told, and no error."""
        if self._retention is None:
            try:
                self._retention = retention_seconds(self._get("status/runtimeinfo")) or math.inf
            except SourceError as error:
                if error.retriable:
                    return math.inf
                self._retention = math.inf  # VictoriaMetrics and Mimir do not tell it
        return self._retention

    def server(self) -> Server:
        """Who answers; of kind `other` where nothing tells."""
        if self._server is None:
            try:
                answered = self.session.request("GET", f"{self.url}/api/v1/status/buildinfo", auth=self._connect.auth)
                self._server = recognised(read_json(received(answered)).get("data"), answered.headers)
            except SourceError as error:
                if error.retriable:
                    raise
                self._server = UNKNOWN
        return self._server

    def metric_names(self, start: int, end: int) -> Collection[str] | None:
        """The names of all metrics between two instants; None where they are not told as a list."""
        told = self._get("label/__name__/values", {**self.access.parameters, "start": str(start), "end": str(end)})
        return told if isinstance(told, list) else None

    def _time(self) -> Answer:
        answer: Answer = self._connect.custom_query("time()", params=dict(NEWEST_TOO))
        if not answer.values.size:
            raise SourceError(f"{self.url} does not tell its time", retriable=False)
        return answer

    def _get(self, path: str, parameters: dict[str, str] | None = None) -> object:
        options = {"params": parameters, "auth": self._connect.auth}
        return read_json(received(self.session.request("GET", f"{self.url}/api/v1/{path}", **options))).get("data")
