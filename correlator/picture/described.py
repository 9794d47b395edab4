"""Alternative text of an SVG, where screen readers look for it."""

from xml.sax.saxutils import escape

from correlator.wording.words import printable

_END_OF_TITLE = b"</title>"


def described(picture: bytes, told: str) -> bytes:
    """The same SVG with a description behind its title, marked as one image that title and description speak for."""
    desc = f'\n <desc id="told">{escape(printable(told))}</desc>'.encode()
    head, found, rest = picture.partition(_END_OF_TITLE)
    head = head.replace(b"<svg ", b'<svg role="img" aria-labelledby="title told" ', 1)
    return head.replace(b"<title>", b'<title id="title">', 1) + found + desc + rest
