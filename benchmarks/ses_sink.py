"""A bottomless SES for benchmarks: rightly shaped answers, recipients counted, nothing else looked at.

`mailer local-ses` reads and checks every letter, as it must, and would itself be what a benchmark measures.
"""

import asyncio
import json
import re
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RECIPIENT = re.compile(rb'"ToAddresses": ?\[ ?"(?:[^"]*<)?([^">]+)>?(?:\\")?" ?\]')
_ACCOUNT: dict[str, Any] = {
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendingEnabled": True,
    "SendQuota": {"Max24HourSend": -1.0, "MaxSendRate": 1e6, "SentLast24Hours": 0.0},
}
_ANSWERS: dict[bytes, dict[str, Any]] = {
    b"/v2/email/account": _ACCOUNT,
    b"/v2/email/identities/": {"VerifiedForSendingStatus": True, "VerificationStatus": "SUCCESS"},
    b"/v2/email/configuration-sets/": {"SendingOptions": {"SendingEnabled": True}, "EventDestinations": []},
}


class Sink:
    """What all connections share."""

    def __init__(self, late: float, log: Path) -> None:
        """Answers to send calls come `late` seconds later; every recipient is a line of `log`."""
        self.late = late
        self.log = log.open("wb", buffering=1 << 20)
        self._ids = count(1)

    def answer(self, path: bytes, body: bytes) -> tuple[bytes, float]:
        """The body of the answer, and how late it comes."""
        if path == b"/v2/email/outbound-bulk-emails":
            self.note(body)
            results = [{"Status": "SUCCESS", "MessageId": each} for each in self._new(body.count(b'"Destination"'))]
            return json.dumps({"BulkEmailEntryResults": results}).encode(), self.late
        if path == b"/v2/email/outbound-emails":
            self.note(body)
            return json.dumps({"MessageId": next(self._new(1))}).encode(), self.late
        found = [answer for start, answer in _ANSWERS.items() if path.startswith(start)]
        return json.dumps(found[0] if found else {}).encode(), 0

    def close(self) -> None:
        """Write the last lines."""
        self.log.close()

    def note(self, body: bytes) -> None:
        """Who is in a call."""
        self.log.writelines(each + b"\n" for each in _RECIPIENT.findall(body))

    def _new(self, ids: int) -> Iterator[str]:
        return (f"0100019ab0000000-{next(self._ids):08x}-0000-0000-0000-000000000000-000000" for _ in range(ids))


class Connection(asyncio.Protocol):
    """One client's connection: requests one after the other."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._unread = bytearray()
        self._wanted = 0
        """Bytes that the next request has with its head, once that is known."""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer what is there whole."""
        self._unread += data
        while len(self._unread) >= self._wanted and (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._unread[:end])
            stated = _LENGTH.search(head)
            self._wanted = end + 4 + (int(stated[1]) if stated else 0)
            if len(self._unread) < self._wanted:
                if b"100-continue" in head and len(self._unread) == end + 4:
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            with memoryview(self._unread) as unread:
                body = bytes(unread[end + 4 : self._wanted])
            del self._unread[: self._wanted]
            self._wanted = 0
            answer, late = self._sink.answer(head.split(b" ", 2)[1].partition(b"?")[0], body)
            whole = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            if late:
                self._loop.call_later(late, self._transport.write, whole % (len(answer), answer))
            else:
                self._transport.write(whole % (len(answer), answer))


async def serve(sink: Sink) -> None:
    """Answer until the process is ended; the port is printed first."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(sink), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    server.close()
    sink.close()


if __name__ == "__main__":
    asyncio.run(serve(Sink(float(sys.argv[1]), Path(sys.argv[2]))))
