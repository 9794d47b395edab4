"""Who may come in, and how much at once: what the daemon makes of the settings, for the entrance and the login."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.requests import HTTPConnection

from correlator.access import Links, RateLimiter, Sessions, Token, Tokens
from correlator.web.problems import Problem

LARGEST_BODY_BYTES: Final = 1_000_000
LARGEST_ALERTS_BYTES: Final = 16_000_000
COST_OF_A_FAILURE: Final = 60
"""In requests: what guesses tokens, or has a wrong one, is soon asked to wait."""

_HOST_BITS: Final = 64
"""Of an IPv6 address: one host has that many to choose from."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the token, or the address where there is none. `in_browser`: by a session's cookie."""

    address: str
    token: Token | None = None
    in_browser: bool = False

    @property
    def name(self) -> str:
        """How the log calls it."""
        return self.token.name if self.token else self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """Where tokens are asked for: the ones that are known now, and what takes their place in browsers and chats."""

    tokens: Callable[[], Tokens]
    sessions: Sessions
    links: Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The rules. `locks` None: whoever reaches us may do everything. `hosts` None: by whatever name we are called.

    `limiter` None: as often as one likes. Sizes are of bodies, those of alerts apart: hundreds come in one.
    """

    locks: Locks | None = None
    limiter: RateLimiter | None = None
    hosts: frozenset[str] | None = None
    largest_body_bytes: int = LARGEST_BODY_BYTES
    largest_alerts_bytes: int = LARGEST_ALERTS_BYTES

    def shared(self, path: str) -> str:
        """A path of ours as it is sent to those who have no token: signed where one is asked for."""
        return self.locks.links.shared(path) if self.locks else path

    def still_knows(self, caller: Caller | None) -> bool:
        """Whether somebody who was let in with a token would be now."""
        return self.locks is None or caller is None or caller.token is None or caller.token in self.locks.tokens().all

    def count(self, caller: Caller, cost: int = 1) -> None:
        """Count a request of a token, or of an address where there is none. Raises Problem when it is too many."""
        client = ("token", caller.token.name) if caller.token else ("address", network_of(caller.address))
        if self.limiter is not None and (wait := self.limiter.take(client, cost)):
            seconds = math.ceil(wait)
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"too many requests from {caller.name}: try again in {seconds} s",
                headers={"retry-after": str(seconds)},
            )


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from."""
    return connection.client.host if connection.client else "unknown"


def network_of(address: str) -> str:
    """What an address counts as: itself, but of IPv6 without the bits that one host may choose."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return f"{IPv6Address(int(ip) >> _HOST_BITS << _HOST_BITS)}/{_HOST_BITS}"
