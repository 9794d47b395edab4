"""How a server that the settings name lets us in."""

from correlator.settings import Credentials, LokiSettings
from correlator.sources.session import Access


def access_of(settings: Credentials | LokiSettings, read_timeout_seconds: float) -> Access:
    """With the credentials of the settings; silence before and within an answer is borne for so many seconds."""
    return Access(
        bearer_token_file=settings.bearer_token_file,
        username=settings.username,
        password_file=settings.password_file,
        ca_file=settings.ca_file,
        read_timeout_seconds=read_timeout_seconds,
    )
