"""The API described for people, without the Internet and without a script."""

from itertools import groupby

from fastapi import APIRouter, Request, Response

from correlator.web.reference import models_of, operations_of
from correlator.web.render import render
from correlator.web.state import Web

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request, state: Web) -> Response:
    """Every path, parameter and model, from the OpenAPI description that programs read."""
    description = request.app.openapi()
    models = models_of(description)
    return render(
        request,
        "docs.html",
        status_now=state.status(),
        info=description["info"],
        address=str(request.base_url).rstrip("/"),
        groups=[(tag, list(group)) for tag, group in groupby(operations_of(description), lambda each: each.tag)],
        models=models,
        linked={model.name for model in models},
    )
