"""Styles and scripts of the page."""

import os

from fastapi import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope


class Revalidated(StaticFiles):
    """Files that a browser keeps and asks about again, so that none outlives an upgrade of the daemon."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, or 304 for the one that the browser has."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "no-cache"
        return response
