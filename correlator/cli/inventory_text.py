"""The inventory as text for a terminal."""

from collections.abc import Iterator

from correlator.cli.inventory import Inventory, SignalFound

SHOWN = 10


def as_text(inventory: Inventory) -> str:
    """What was found, what is missing, and the conclusion last."""
    return "\n".join(_lines(inventory))


def _lines(inventory: Inventory) -> Iterator[str]:
    yield f"source    {inventory.source} (its clock differs by {inventory.clock_difference_seconds:+.1f} s)"
    yield f"step      {f'{inventory.step_seconds} s' if inventory.step_seconds else 'unknown'}"
    yield f"victims   {len(inventory.victims)}{_some(inventory.victims)}"
    yield f"volumes   {len(inventory.volumes)}{_some(inventory.volumes)}"
    ratio = "" if inventory.mapped_ratio is None else f", {inventory.mapped_ratio:.0%} mapped to a volume"
    yield f"pods      {inventory.pods}{ratio}"
    for pod, reason in list(inventory.unmapped.items())[:SHOWN]:
        yield f"          {pod}: {reason}"
    exporter = ""
    for signal in inventory.signals:
        if signal.exporter != exporter:
            exporter = signal.exporter
            yield ""
            yield exporter
        yield _signal(signal)
    yield ""
    yield from inventory.quality
    for reason in inventory.missing:
        yield f"missing: {reason}"
    yield (
        "Slow first tokens can be told, and who caused them."
        if inventory.can_run
        else "Slow first tokens and who caused them CANNOT be told from this Prometheus."
    )


def _signal(signal: SignalFound) -> str:
    name = f"{signal.name}{' (required)' if signal.required else ''}"
    if signal.found:
        every = f", every {signal.interval_seconds} s" if signal.interval_seconds else ""
        return f"  found    {name:38} {signal.series} series{every}"
    return f"  missing  {name:38} {signal.error or signal.hint}"


def _some(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    return f": {', '.join(names[:SHOWN])}{' …' if len(names) > SHOWN else ''}"
