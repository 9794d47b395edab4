"""Templates to pages. Everything is escaped unless a template says otherwise, and none does."""

from functools import cache

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from correlator.model.symptom_words import in_unit, symptom_words
from correlator.picture.labels import VERDICTS
from correlator.web import words

_FILTERS = (
    words.duration,
    words.span,
    words.percent,
    words.number,
    words.rate,
    words.byte_rate,
    words.lag,
    words.moment,
    words.machine_moment,
    words.named,
    words.suspect_name,
    words.considered_name,
    words.pod_name,
)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("correlator.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({each.__name__: each for each in _FILTERS})
    environment.tests["known"] = words.is_known
    environment.globals["VERDICTS"] = VERDICTS
    environment.filters["symptom_words"] = symptom_words
    environment.filters["in_unit"] = in_unit
    return environment


def render(request: Request, template: str, status: int = 200, **context: object) -> Response:
    """A page; `root` is the path that a proxy serves us under, without a slash at its end."""
    root = request.scope.get("root_path", "").rstrip("/")
    body = _environment().get_template(template).render(root=root, **context)
    return HTMLResponse(body, status, {"cache-control": "no-store"})
