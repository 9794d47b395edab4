"""`correlator check`."""

import time
from enum import StrEnum
from typing import Annotated

import typer

from correlator.cli.options import ConfigFlag, UrlFlag, settings_of


class Form(StrEnum):
    """How the answer is printed."""

    TEXT = "text"
    JSON = "json"


def check(
    *,
    output: Annotated[Form, typer.Option(help="How to print.")] = Form.TEXT,
    config: ConfigFlag = None,
    prometheus_url: UrlFlag = None,
) -> None:
    """Ask the Prometheus what it has; exit code 1 when victims and culprits could not be told from it."""
    import orjson

    from correlator.cli.inventory import take_inventory
    from correlator.cli.inventory_text import as_text
    from correlator.daemon.composition import cluster_of, inquiry_of, kubernetes_stock, live_source, signals_of
    from correlator.inquiry.inventory import with_kubernetes
    from correlator.kubernetes.census import remedies_of
    from correlator.kubernetes.source import KubernetesSource

    settings = settings_of(config, prometheus_url)
    signals = signals_of(settings)
    live = live_source(settings, signals, retries=1)  # somebody waits in front of a terminal
    live.require_answer()
    now = time.time()
    at = min(live.span(now)[1], now - settings.engine.settle.total_seconds())
    cluster = cluster_of(settings.kubernetes)
    if cluster is not None:
        cluster.start()
    source = KubernetesSource(live, cluster) if cluster else live
    inventory = take_inventory(live, inquiry_of(settings, source, signals), at)
    kubernetes = kubernetes_stock(settings.kubernetes, cluster, source)
    inventory = with_kubernetes(inventory, kubernetes, remedies_of(kubernetes))
    if cluster is not None:
        cluster.close()
    typer.echo(orjson.dumps(inventory).decode() if output is Form.JSON else as_text(inventory), color=None)
    raise typer.Exit(0 if inventory.can_run else 1)
