"""What must be given before anything begins: a Prometheus, or a recording."""

from importlib import resources
from pathlib import Path

from correlator.daemon.errors import CompositionError
from correlator.settings import Settings


def require_source(settings: Settings) -> None:
    """Raises CompositionError where no Prometheus is given."""
    if settings.prometheus.url is None and not settings.sources:
        raise CompositionError(
            "no Prometheus is given: use --prometheus-url http://…:9090, the setting prometheus.url, "
            "or `correlator serve --demo` to see a recording of real contention"
        )


def recording_for_demo(given: Path | None) -> Path:
    """The recording to play: the one given, else the bundled one. Raises CompositionError where it is not there."""
    path = given or Path(str(resources.files("correlator") / "demo" / "recording.zip"))
    if not path.is_file():
        raise CompositionError(f"{path}: no such recording" if given else f"the bundled recording is missing: {path}")
    return path
