"""The socket that the daemon answers on."""

import asyncio
import socket

from correlator.daemon.server import _listening
from correlator.settings import load_settings


def test_small_answers_are_not_held_back() -> None:
    """A connection sends at once what it has, rather than wait for an acknowledgement of what it sent before."""
    bound = _listening(load_settings(None, {"web": {"listen": "127.0.0.1:0"}}).web)

    async def accepted() -> int:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(connected, sock=bound):
            _, writer = await asyncio.open_connection(*bound.getsockname())
            answer = await asyncio.wait_for(seen, 10)
            writer.close()
            await writer.wait_closed()
            return answer

    assert asyncio.run(accepted()) != 0
