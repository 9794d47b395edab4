"""The API described for people, without the Internet: Swagger UI from a package."""

from fastapi import APIRouter, Request, Response

from correlator.web.render import render

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> Response:
    """Swagger UI on our own OpenAPI description."""
    return render(request, "docs.html")
