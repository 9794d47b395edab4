"""Addresses in settings: what to read from, what to answer on."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_HIGHEST_PORT = 65535


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected a URL such as http://prometheus:9090")
    if parts.username or parts.password:
        raise ValueError("expected a URL without credentials: use username and password_file, or bearer_token_file")
    if parts.query or parts.fragment:
        raise ValueError("expected a URL without a query: the paths of the API are put behind it")
    return value.rstrip("/")


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > _HIGHEST_PORT:
        raise ValueError("expected HOST:PORT, such as 127.0.0.1:9920")
    return value


def _database_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ValueError("expected an address such as postgresql://user@host/database")
    if parts.password:
        raise ValueError("expected an address without a password: PostgreSQL reads it from ~/.pgpass or PGPASSFILE")
    return value


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it; a name other than localhost is not trusted to be."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Url = Annotated[str, AfterValidator(_http_url)]
Listen = Annotated[str, AfterValidator(_listen)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
