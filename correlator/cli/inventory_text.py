"""The inventory as text for a terminal."""

from collections.abc import Iterator, Sequence

from correlator.model.inventory import Inventory, KubernetesFound, ServerFound, SignalFound, Unexplained

SHOWN = 10


def as_text(inventory: Inventory) -> str:
    """What was found, what is missing, what mends it, and the conclusion last."""
    return "\n".join(_lines(inventory))


def _lines(inventory: Inventory) -> Iterator[str]:
    for server in inventory.servers:
        yield f"source    {_server(server)}"
    if inventory.kubernetes is not None:
        yield from _kubernetes(inventory.kubernetes)
    yield f"step      {f'{inventory.step_seconds} s' if inventory.step_seconds else 'unknown'}"
    yield f"victims   {inventory.victim_count}{_some(inventory.victims)}"
    yield f"volumes   {inventory.volume_count}{_some(inventory.volumes)}"
    ratio = "" if inventory.mapped_ratio is None else f", {inventory.mapped_ratio:.0%} mapped to a volume"
    yield f"pods      {inventory.pods}{ratio}"
    yield from _signals(inventory)
    yield ""
    yield from _unmapped(inventory)
    yield from inventory.quality
    yield from _remedies(inventory)
    yield from _victims(inventory)
    for reason in inventory.missing:
        yield f"missing: {reason}"
    yield (
        "Slow first tokens can be told, and who caused them."
        if inventory.can_run
        else "Slow first tokens and who caused them CANNOT be told from this Prometheus."
    )


def _server(server: ServerFound) -> str:
    name = f"{server.name}: " if server.name else ""
    if server.clock_difference_seconds is None:
        return f"{name}{server.address}: {server.error}"
    return (
        f"{name}{server.address} ({server.answers_as}; its clock differs by {server.clock_difference_seconds:+.1f} s)"
    )


def _kubernetes(found: KubernetesFound) -> Iterator[str]:
    """Whether the API is asked, what could not be listed, and what no series tells."""
    if not found.objects:
        yield f"objects   from series alone: the Kubernetes API is not asked ({found.reason})"
        return
    listed = [each for each in found.objects if not each.problem]
    told = ", ".join(f"{each.known} {each.name}" for each in listed) or "nothing"
    yield f"objects   Kubernetes API ({found.mode}): {told}"
    more = ", ".join(f"{count} {name}" for name, count in found.added.items())
    if listed:
        yield f"          rows that no series tells: {more or 'none'}"
    for each in found.objects:
        if each.problem:
            yield f"          {each.name}: {each.problem}"


def _signals(inventory: Inventory) -> Iterator[str]:
    """By exporter; those that show nothing are told at length only where nobody else shows what they would."""
    supplied = {signal.name for signal in inventory.signals if signal.found}
    by_exporter: dict[str, list[SignalFound]] = {}
    for signal in inventory.signals:
        by_exporter.setdefault(signal.exporter, []).append(signal)
    absent = []
    for exporter, signals in by_exporter.items():
        if not any(each.found or each.error for each in signals) and any(each.name in supplied for each in signals):
            absent.append(exporter)
            continue
        yield ""
        yield exporter
        yield from _found(signals)
        yield from _missing(signals)
    if absent:
        yield ""
        yield f"not seen: {', '.join(absent)}"


def _found(signals: Sequence[SignalFound]) -> Iterator[str]:
    for each in signals:
        if each.found:
            every = f", every {each.interval_seconds} s" if each.interval_seconds else ""
            yield f"  found    {_name(each):38} {each.series} series{every}"


def _missing(signals: Sequence[SignalFound]) -> Iterator[str]:
    """Together with what is missing for the same reason."""
    by_reason: dict[str, list[str]] = {}
    for each in signals:
        if not each.found:
            by_reason.setdefault(each.error or each.hint, []).append(_name(each))
    for reason, names in by_reason.items():
        yield f"  missing  {', '.join(names)}: {reason}"


def _name(signal: SignalFound) -> str:
    return f"{signal.name}{' (required)' if signal.required else ''}"


def _unmapped(inventory: Inventory) -> Iterator[str]:
    """Pods whose volumes are unknown; of victims more is said below."""
    victims = {*inventory.victims, *(name for each in inventory.symptoms for name in each.victims)}
    others = {pod: reason for pod, reason in inventory.unmapped.items() if pod not in victims}
    for pod, reason in list(others.items())[:SHOWN]:
        yield f"no volume of {pod}: {reason}"
    if len(others) > SHOWN:
        yield f"no volume of {len(others) - SHOWN} more pods (--output json names them)"


def _remedies(inventory: Inventory) -> Iterator[str]:
    for each in inventory.remedies:
        yield f"better: {each.finding}"
        chart = f" (kube-prometheus-stack: {each.chart_value})" if each.chart_value else ""
        yield f"        {each.remedy}{chart}"


def _victims(inventory: Inventory) -> Iterator[str]:
    if inventory.victim_count:
        yield f"{inventory.explainable_victims} of {inventory.victim_count} victims can be explained."
    yield from _unexplained(inventory.unexplained)
    for each in inventory.symptoms:
        names = _some(each.victims)
        yield f"{each.quantity} ({each.name}): {each.explainable} of {each.count} can be explained{names}"
        yield from _unexplained(each.unexplained)


def _unexplained(groups: Sequence[Unexplained]) -> Iterator[str]:
    for each in groups[:SHOWN]:
        names = ", ".join(each.victims[:SHOWN]) + (" …" if each.count > SHOWN else "")
        yield f"  {each.count} cannot ({names}): {each.reason}"


def _some(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    return f": {', '.join(names[:SHOWN])}{' …' if len(names) > SHOWN else ''}"
