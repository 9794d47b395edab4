"""Pictures of the page for the README, from the demo: `python -m tests.docs.screenshots`, a minute or two."""

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from tests.daemons import Daemon, daemon
from tests.integration.page.looking import chromium, looking

FOLDER = Path(__file__).parents[2] / "docs" / "images"
WINDOW = {"CORRELATOR_ENGINE__WINDOW_STEPS": "240"}  # as it is set by default
BUSY = 0.9


def incident_while_busy(running: Daemon) -> str | None:
    """The page of an open incident whose volume is saturated right now; None while there is none."""
    opened = running.get("/api/v1/incidents?state=open").json()["items"]
    volumes = running.get("/api/v1/volumes").json().get("items", [])
    is_busy = any((volume["utilization_ratio"] or 0.0) > BUSY for volume in volumes)
    return str(opened[0]["links"]["page"]) if opened and is_busy else None


def resolved(running: Daemon) -> str | None:
    """The page of the newest incident that is over; None while there is none."""
    over = running.get("/api/v1/incidents?state=resolved").json()["items"]
    return str(over[0]["links"]["page"]) if over else None


def take(page: Page, name: str, height: int) -> None:
    """The upper part of a page as it stands."""
    page.set_viewport_size({"width": (page.viewport_size or {"width": 0})["width"], "height": height})
    page.locator(".live[data-state='live']").wait_for()
    page.wait_for_timeout(500)  # charts follow a new size with the next frame
    page.screenshot(path=FOLDER / f"{name}.png")


def main() -> None:
    """The overview in a light theme, one incident in a dark one, the same on a phone."""
    with (
        TemporaryDirectory() as folder,
        chromium(Path(folder)) as browser,
        daemon(Path(folder), "--demo", settings=WINDOW) as running,
    ):
        running.until(running.is_ready)
        path = running.until(lambda: resolved(running))
        with looking(browser, running.url, path, dark=True, width=1100, scale=1.5) as look:
            take(look.page, "page-incident", 1730)
        with looking(browser, running.url, path, width=390, scale=2.0) as look:
            take(look.page, "page-phone", 844)
        running.until(lambda: incident_while_busy(running))
        with looking(browser, running.url, width=1100, scale=1.5) as look:
            take(look.page, "page-overview", 1060)


if __name__ == "__main__":
    main()
