"""The commands. Results go to stdout, everything else to stderr; exit codes: 0 done, 1 bad news, 2 usage or settings.

What lives here: a module for each command, flags and renderings for the terminal. What must not: anything that a
program could not ask for otherwise. Who imports it: nobody.
"""

from correlator.cli.main import app, main

__all__ = ["app", "main"]
