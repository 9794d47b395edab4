"""Templates to pages. Everything is escaped unless a template says otherwise, and none does."""

from functools import cache
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from correlator.model.symptom_words import in_unit, symptom_words
from correlator.picture.labels import VERDICTS, suspect_name
from correlator.web.state import WebState
from correlator.wording import words
from correlator.wording.blind_spots import plain_words

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
    words.opening,
    plain_words,
)


def _shown(value: object) -> object:
    """What becomes of everything that a template writes, before it is escaped; markup is made of what was shown."""
    return words.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("correlator.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({each.__name__: each for each in _FILTERS})
    environment.tests["known"] = words.is_known
    environment.globals["VERDICTS"] = VERDICTS
    environment.globals["VERDICT_CHOICES"] = [(verdict.value, said) for verdict, said in VERDICTS.items()]
    environment.filters["picture_name"] = suspect_name
    environment.filters["symptom_words"] = symptom_words
    environment.filters["in_unit"] = in_unit
    return environment


def root_of(request: Request) -> str:
    """The path that a proxy serves us under, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def missing(request: Request, state: WebState, what: str, name: str) -> Response:
    """The page of what nobody knows."""
    return render(request, "missing.html", HTTPStatus.NOT_FOUND, status_now=state.status(), what=what, name=name)


def render(request: Request, template: str, status: int = 200, **context: object) -> Response:
    """A page; `root` is what every link in it begins with, `caller` who looks at it."""
    caller = getattr(request.state, "caller", None)
    body = _environment().get_template(template).render(root=root_of(request), caller=caller, **context)
    return HTMLResponse(body, status, {"cache-control": "no-store"})
