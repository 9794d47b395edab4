"""TLS for what we answer: from 1.2 on, with a certificate that may be exchanged while connections are open."""

import ssl
from pathlib import Path

from correlator.access import AccessError, Watched


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """What the server answers with: each handshake takes the certificate that lies there by then.

    A new pair is tried as a whole; one that does not fit, such as a certificate without its new key, leaves the old
    pair in force, and connections keep what they began with. Raises AccessError where the files cannot be used now.
    """
    paths = [certificate] if key is None else [certificate, key]
    newest = Watched(paths, lambda: _loaded(certificate, key))
    first = _loaded(certificate, key)

    def choose(connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = newest()

    first.sni_callback = choose  # called in every handshake, also where the client names nobody
    return first


def _loaded(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_refuse_to_ask)
    except (OSError, ValueError) as error:  # ssl's errors are OSErrors, and ValueErrors as well
        files = certificate if key is None else f"{certificate} and {key}"
        raise AccessError(f"{files}: no certificate with its key: {error}") from error
    return context


def _refuse_to_ask() -> str:
    """Without this OpenSSL would ask a person at the terminal."""
    raise ValueError("the key is encrypted")
