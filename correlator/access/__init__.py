"""Who may ask, and how that is proven: tokens, sessions, links that end, and how often one asks.

What lives here: values and their checks, and files that are read anew when they change. What must not: HTTP, pages.
Who imports it: `web` asks it, `daemon` puts it together, `cli` makes tokens; whoever sends links has them signed.
"""

from correlator.access.errors import AccessError
from correlator.access.links import Links, SignPath, unsigned
from correlator.access.rate import RateLimiter
from correlator.access.sessions import Sessions
from correlator.access.signing import signing_key
from correlator.access.tokens import Scope, Token, Tokens, new_token, read_tokens
from correlator.access.watched import Watched

__all__ = [
    "AccessError",
    "Links",
    "RateLimiter",
    "Scope",
    "Sessions",
    "SignPath",
    "Token",
    "Tokens",
    "Watched",
    "new_token",
    "read_tokens",
    "signing_key",
    "unsigned",
]
