"""The web over fakes on a real port, and Debian's Chromium to look at it."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import Browser, Dialog, Locator, Page, Request, sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount

from correlator.web.app import create_app
from correlator.web.state import WebState

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

LOADED_BYTES = """
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .reduce((total, entry) => total + entry.transferSize, 0)
"""
"""Over all requests of the page, headers included; without its stream, which does not end."""


@contextmanager
def chromium(home: Path) -> Iterator[Browser]:
    """Debian's Chromium, which asks nobody for anything by itself, and leaves nothing in anybody's home."""
    environment: dict[str, str | float | bool] = {**os.environ, "HOME": str(home)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), env=environment)
        yield browser
        browser.close()


@contextmanager
def serving(state: WebState, below: str = "") -> Iterator[str]:
    """The address of the application over `state`, until the block ends; `below` a path, as behind a proxy."""
    bound = socket.create_server(("127.0.0.1", 0))
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the daemon does
    stopping = threading.Event()
    app = create_app(replace(state, stopping=lambda: stopping.is_set() or state.stopping()))
    served = Starlette(routes=[Mount(below, app)]) if below else app
    server = uvicorn.Server(uvicorn.Config(served, log_level="warning", lifespan="off", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}{below}"
    finally:
        stopping.set()
        server.should_exit = True
        thread.join()
        bound.close()


@dataclass  # without slots: playwright notes its handlers on the object
class Look:
    """What a browser did while it looked: everything that went wrong, and every host that was asked."""

    page: Page
    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def wait(self) -> None:
        """Until the page's scripts have done their work, where it has any."""
        if self.page.locator('script[type="module"]').count():
            self.page.locator("body[data-ready]").wait_for()

    def follow(self, link: Locator, path: str) -> None:
        """Click a link and be on the page that it leads to."""
        link.click()
        self.page.wait_for_url(lambda url: urlsplit(url).path == path)
        self.wait()

    def failed(self, request: Request) -> None:
        """A request that failed is a fault; what ends because the page was left is none."""
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url}")

    def refuse(self, dialog: Dialog) -> None:
        """Nothing here opens a dialog: whatever does is a fault."""
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def looking(
    browser: Browser,
    address: str,
    path: str = "/",
    *,
    dark: bool = False,
    width: int = 1200,
    scale: float = 1.0,
    scripts: bool = True,
) -> Iterator[Look]:
    """A page in a browser context of its own, ready to be used; dialogs are faults, since nothing here opens one."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        device_scale_factor=scale,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(20_000)
    look = Look(context.new_page())
    look.page.on("console", lambda said: look.faults.append(said.text) if said.type in {"error", "warning"} else None)
    look.page.on("pageerror", lambda error: look.faults.append(str(error)))
    look.page.on("requestfailed", look.failed)
    look.page.on("dialog", look.refuse)
    look.page.on("request", lambda request: look.hosts.add(urlsplit(request.url).netloc))
    look.page.goto(f"{address}{path}")
    if scripts:
        look.wait()
    try:
        yield look
    finally:
        context.close()
