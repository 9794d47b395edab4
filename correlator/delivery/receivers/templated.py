"""Any HTTP request whose body a template makes of the payload."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from correlator.delivery.errors import RefusedError
from correlator.delivery.http import Receiver
from correlator.delivery.notice import Notice
from correlator.delivery.receivers.told import causes_of, title_of
from correlator.delivery.receivers.webhook import headers_of

LARGEST_BODY: Final = 1_000_000
_ENVIRONMENT = ImmutableSandboxedEnvironment(autoescape=False)


class TemplatedReceiver:
    """`template` is Jinja, in a sandbox: alerts are data to it.

    It sees the payload's keys, and `title`, `causes` (each with `headline`, `alerts` and `annotations`), `key` and
    `revision`. What is missing is empty. Raises jinja2.TemplateError where the template cannot be read.
    """

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        template: str,
        method: str,
        content_type: str,
        patience: timedelta,
    ) -> None:
        self.name = name
        self.patience = patience
        self._receiver = receiver
        self._template = _ENVIRONMENT.from_string(template)
        self._method = method
        self._content_type = content_type

    def send(self, body: bytes) -> None:
        """Make the request and send it; what the template cannot be applied to is refused."""
        notice = Notice.unpacked(body)
        text = self.rendered(notice)
        self._receiver.ask(self._method, "", body=text, headers=headers_of(notice, self._content_type))

    def rendered(self, notice: Notice) -> bytes:
        """The body. Raises RefusedError."""
        known: Mapping[str, object] = {
            **notice.payload,
            "title": title_of(notice.payload),
            "causes": causes_of(notice.payload),
            "key": notice.key,
            "revision": notice.revision,
        }
        try:
            text = self._template.render(known)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise RefusedError(f"the template fails: {error}") from error
        if len(text) > LARGEST_BODY:
            raise RefusedError(f"the template makes more than {LARGEST_BODY} characters")
        return text.encode()

    def close(self) -> None:
        """Give connections back."""
        self._receiver.close()
