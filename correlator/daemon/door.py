"""From settings to the door: who may ask, by which proofs, how often, by what name."""

from datetime import timedelta
from functools import lru_cache, partial
from urllib.parse import urlsplit

from correlator.access import Links, RateLimiter, Sessions, SignPath, Watched, read_tokens, signing_key, unsigned
from correlator.alerting.annotations import SharePath
from correlator.settings import Settings, WebSettings
from correlator.settings.addresses import is_loopback
from correlator.web.door import Door, Locks

SHARED_KEPT = 1000
"""Links that are not signed again for each alert of an incident."""


def door_of(settings: Settings) -> Door:
    """The rules of the settings. Raises AccessError where a file of theirs cannot be used."""
    web = settings.web
    return Door(
        locks=_locks(web),
        limiter=RateLimiter(web.requests_per_minute) if web.requests_per_minute else None,
        hosts=_hosts(web, settings.sinks.external_url),
        largest_body_bytes=web.largest_body_bytes,
        largest_alerts_bytes=web.largest_alerts_bytes,
    )


def sign_path_of(door: Door) -> SignPath:
    """How links for chats are made: signed where a token would be asked for."""
    return door.locks.links.signed if door.locks else unsigned


def sharing_of(door: Door, lifetime: timedelta) -> SharePath:
    """How notifications link to pictures: for so long since the incident was detected, always by the same link."""
    sign = sign_path_of(door)
    return lru_cache(SHARED_KEPT)(lambda path, since: sign(path, since + lifetime))


def _locks(web: WebSettings) -> Locks | None:
    if web.tokens_file is None:
        return None
    key = signing_key(web.signing_key_file)
    return Locks(
        tokens=Watched([web.tokens_file], partial(read_tokens, web.tokens_file)),
        sessions=Sessions(key, web.session_lifetime),
        links=Links(key, web.link_lifetime),
    )


def _hosts(web: WebSettings, external_url: str | None) -> frozenset[str] | None:
    """None: any name. With tokens a foreign name is of no use, since the browser has no session under it."""
    is_local_without_tokens = web.tokens_file is None and is_loopback(web.host)
    if not web.host_names and not is_local_without_tokens:
        return None
    ours = urlsplit(external_url).hostname if external_url else None
    return frozenset({"localhost", *web.host_names, *([ours] if ours else [])})
