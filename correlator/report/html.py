"""A document as one HTML file that loads nothing and runs nothing, wherever it is opened."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from correlator.report.document import Document
from correlator.wording.words import printable


def _shown(value: object) -> object:
    """What becomes of everything that the template writes, before it is escaped."""
    return printable(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("correlator.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    return environment


def as_html(document: Document) -> str:
    """The whole file."""
    return _environment().get_template("postmortem.html").render(document=document)
