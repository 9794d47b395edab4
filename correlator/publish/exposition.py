"""Values as text that Prometheus scrapes: its own format, or OpenMetrics.

prometheus_client writes the very same bytes, as a test makes sure, but keeps a core busy for a quarter of a second at
20,000 series, twice that for OpenMetrics: too long for a process that answers others meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from prometheus_client.exposition import choose_encoder
from prometheus_client.utils import floatToGoString

from correlator.publish.families import FAMILIES, Family
from correlator.publish.samples import Values

END_OF_OPENMETRICS: Final = b"# EOF\n"

_number: Final[Callable[[float], str]] = floatToGoString
_BY_NAME: Final = {family.name: family for family in FAMILIES}
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Exposition:
    """A format, with the content type under which it is sent."""

    content_type: str
    is_openmetrics: bool

    @property
    def end(self) -> bytes:
        """What stands after the last family."""
        return END_OF_OPENMETRICS if self.is_openmetrics else b""


def negotiated(accept: str) -> Exposition:
    """The format that an Accept header asks for. Escaping schemes need nothing: all our names are plain."""
    _, content_type = choose_encoder(accept)
    return Exposition(content_type, content_type.startswith("application/openmetrics-text"))


def exposed(values: Values, cluster: str, form: Exposition) -> bytes:
    """The families of `values` without an end, so that pieces may follow each other; `cluster` is a label where set."""
    lines = (line for name, found in values.items() for line in _lines(_BY_NAME[name], found, cluster, form))
    return "".join(lines).encode()


def _lines(family: Family, found: Mapping[tuple[str, ...], float], cluster: str, form: Exposition) -> Iterator[str]:
    of_counter = form.is_openmetrics and family.kind == "counter"  # the family has one name, its samples another
    name = family.name.removesuffix("_total") if of_counter else family.name
    yield f"# HELP {name} {family.help}\n# TYPE {name} {family.kind}\n"
    names, more = ((*family.labels, "cluster"), (cluster,)) if cluster else (family.labels, ())
    order = sorted(range(len(names)), key=names.__getitem__)
    if not names:
        yield from (f"{family.name} {_number(value)}\n" for value in found.values())
        return
    pairs = ",".join(f'{names[place]}="%s"' for place in order)
    template = f"{family.name}{{{pairs}}} %s\n"
    arranged = itemgetter(*order, len(names))
    for labels, value in found.items():
        yield template % arranged((*_escaped((*labels, *more)), _number(value)))


def _escaped(labels: tuple[str, ...]) -> tuple[str, ...]:
    together = "".join(labels)
    if "\\" in together or '"' in together or "\n" in together:
        return tuple(label.translate(_ESCAPES) for label in labels)
    return labels
