"""What must be given before anything begins: a Prometheus, or a recording."""

from importlib import resources
from pathlib import Path

from correlator.daemon.errors import CompositionError
from correlator.settings import PrometheusSettings


def url_of(settings: PrometheusSettings) -> str:
    """The address of the Prometheus. Raises CompositionError without one."""
    if settings.url is None:
        raise CompositionError(
            "no Prometheus is given: use --prometheus-url http://…:9090, the setting prometheus.url, "
            "or `correlator serve --demo` to see a recording of real contention"
        )
    return settings.url


def recording_for_demo(given: Path | None) -> Path:
    """The recording to play: the one given, else the bundled one. Raises CompositionError where it is not there."""
    path = given or Path(str(resources.files("correlator") / "demo" / "recording.zip"))
    if not path.is_file():
        raise CompositionError(f"{path}: no such recording" if given else f"the bundled recording is missing: {path}")
    return path
