"""The command line within the test's own process."""

import pytest

from correlator.cli.main import main


class Run:
    """Runs commands and keeps what the last one said: `code`, `out`, `err`."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self.code, self.out, self.err = 0, "", ""

    def __call__(self, *arguments: object) -> "Run":
        """Run it."""
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        self.code = int(ended.value.code or 0)
        self.out, self.err = self._capture.readouterr()
        return self
