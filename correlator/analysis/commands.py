"""Names in commands that people copy into a shell."""

import re

PLACEHOLDER = "NAME"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:/-]*[A-Za-z0-9])?")


def word(name: str) -> str:
    """A name as one word of a command; a placeholder for what Kubernetes would never call anything.

    Labels come from exporters, and some from whoever may push series: a pod called `--all`, or `x; rm -rf ~`, must not
    become an option or a command of the person who follows the advice. Empty stays empty: not known.
    """
    return name if not name or _NAME.fullmatch(name) else PLACEHOLDER
