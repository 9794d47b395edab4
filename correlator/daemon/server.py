"""`serve`: the web in this process, the engine in a child, until a signal says stop."""

import contextlib
import signal
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
import uvicorn

import correlator
from correlator.daemon.alerting import Alerting
from correlator.daemon.delivering import deliveries_of
from correlator.daemon.door import door_of, sharing_of
from correlator.daemon.errors import ListenError
from correlator.daemon.lifetime import claim_store
from correlator.daemon.messages import Start
from correlator.daemon.patience import PatientHttp
from correlator.daemon.reading import Late, LateIncidents, LateSeries
from correlator.daemon.resident import settle
from correlator.daemon.supervisor import Supervisor
from correlator.daemon.tls import tls_context
from correlator.incidents.delivery_log import DeliveryLog
from correlator.incidents.errors import StoreError
from correlator.settings import AlertsProxySettings, LokiSettings, Settings, SinksSettings, WebhookSettings, WebSettings
from correlator.settings.addresses import is_loopback
from correlator.web.app import create_app
from correlator.web.door import Door
from correlator.web.state import WebState

log = structlog.get_logger(__name__)

GRACE_SECONDS = 3


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again when it is done, and the exit code would not be 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings, recording: Path | None = None) -> None:
    """Run until SIGTERM or SIGINT. `recording`: play it as if it were now, keep nothing, deliver nothing.

    Raises ListenError, AccessError, StoreInUseError and CompositionError before anything is started.
    """
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(_listening(settings.web))
        if recording is not None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="correlator-demo-"))
            kept = settings.store.model_copy(update={"path": Path(folder) / "correlator.db", "url": None})
            unheard = {"proxy": AlertsProxySettings(), "webhook": WebhookSettings()}
            alerting = settings.alerting.model_copy(update=unheard)
            nobody = {"loki": LokiSettings(), "sinks": SinksSettings(), "alerting": alerting}
            settings = settings.model_copy(update={"store": kept, **nobody})
        door, tls = door_of(settings), _tls(settings.web)
        claim = None if settings.store.url else claim_store(settings.store.path)
        if claim is not None:
            stack.enter_context(claim)
        _run(settings, recording, listening, door, tls)


def _run(
    settings: Settings, recording: Path | None, listening: socket.socket, door: Door, tls: ssl.SSLContext | None
) -> None:
    supervisor = Supervisor(Start(settings, datetime.now(UTC), recording))
    incidents = LateIncidents(settings.store.location)
    series = LateSeries(settings.store.location, settings.cluster)
    undelivered = Late(partial(DeliveryLog.open, settings.store.location, settings.cluster))
    deliveries = deliveries_of(settings, incidents)
    alerting = Alerting(settings, incidents, sharing_of(door, settings.web.link_lifetime))
    stopping = threading.Event()
    state = WebState(
        snapshot=supervisor.snapshot,
        incidents=incidents,
        series=series,
        status=lambda: replace(
            supervisor.status(),
            sinks=(*deliveries.status(), *alerting.sinks()),
            alerts=alerting.webhook.status(),
            alert_batches=alerting.batches(),
        ),
        alerts=alerting.known,
        alerts_proxy=alerting.proxy,
        alert_webhook=alerting.webhook.intake,
        deliveries=undelivered.get,
        explain=supervisor.explain,
        stopping=stopping.is_set,
        door=door,
    )
    server = _server(state, settings.web, tls)

    def stop(number: int, _frame: object) -> None:
        stopping.set()
        server.force_exit = server.should_exit
        server.should_exit = True
        log.info("stopping", signal=signal.Signals(number).name)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    url = _address(settings.web, listening)
    deliveries.start()  # before anything is found: a sink that is new hears what comes from now on
    alerting.start()
    supervisor.start()
    log.info("correlator is up", version=correlator.__version__, page=url, store=str(settings.store.location))
    if recording is not None:
        log.warning("DEMO: a recording is played as if it were now", open=url, recording=str(recording))
    _warn_of_openness(settings.web)
    settle()
    threading.Thread(target=_open_early, args=(series,), daemon=True).start()
    try:
        with _looking_at_logs(settings, incidents):
            server.run(sockets=[listening])
    finally:
        supervisor.stop()
        deliveries.stop()
        alerting.stop()
        incidents.close()
        series.close()
        undelivered.close()
        log.info("stopped")


def _server(state: WebState, settings: WebSettings, tls: ssl.SSLContext | None) -> "_Server":
    config = uvicorn.Config(
        create_app(state),
        http=PatientHttp,
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="off",
        server_header=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )
    return _Server(config)


def _open_early(series: LateSeries) -> None:
    """The first question takes several times as long as the next, since it opens the store: let it be nobody's."""
    now_ms = int(time.time() * 1000)
    with contextlib.suppress(StoreError):
        series.label_sets((), now_ms - 3_600_000, now_ms)


@contextlib.contextmanager
def _looking_at_logs(settings: Settings, incidents: LateIncidents) -> Iterator[None]:
    """Ask for the logs of incidents meanwhile, where a Loki is set."""
    if settings.loki.url is None:
        yield
        return
    from correlator.daemon.log_watch import log_watch_of  # noqa: PLC0415 - scipy: 20 MB that most can do without

    watch = log_watch_of(settings, settings.loki.url, incidents)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


def _warn_of_openness(web: WebSettings) -> None:
    if is_loopback(web.host):
        return
    if web.tokens_file is None:
        log.warning("whoever reaches the port may read everything and give feedback: see web.tokens_file")
    elif web.certificate_file is None:
        log.warning("tokens come in the clear, unless a proxy or mesh encrypts them: see web.certificate_file")


def _tls(web: WebSettings) -> ssl.SSLContext | None:
    return None if web.certificate_file is None else tls_context(web.certificate_file, web.key_file)


def _listening(web: WebSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # said, or asyncio delays small answers
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((web.host, web.port))
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise ListenError(
            f"cannot answer on {web.listen}: {error.strerror or error}: choose another with --listen HOST:PORT"
        ) from error
    return bound


def _address(web: WebSettings, bound: socket.socket) -> str:
    host = f"[{web.host}]" if ":" in web.host else web.host
    scheme = "http" if web.certificate_file is None else "https"
    return f"{scheme}://{host}:{bound.getsockname()[1]}/"
