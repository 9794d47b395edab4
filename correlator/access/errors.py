"""What is wrong with a file that access depends on."""


class AccessError(Exception):
    """A file of tokens, keys or certificates cannot be used; the message names file, line and what was expected."""
