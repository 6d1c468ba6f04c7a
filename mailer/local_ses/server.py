"""The local SES over HTTP: boto3 talks to it as to Amazon's endpoint, and below `/_local/` are its inbox and its options."""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

from mailer.local_ses import inbox
from mailer.local_ses.options import as_json
from mailer.local_ses.queue import older_name
from mailer.local_ses.refusals import Refusal, not_found
from mailer.local_ses.service import Answer, LocalSes

__all__ = ["LocalSes", "Server", "serve"]

_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/,\s]+/\d{8}/([a-z0-9-]+)/(\w+)/aws4_request\b")
_LOCAL_HOST = re.compile(r"(?:localhost|127\.[0-9.]+|\[::1\])(?::\d+)?")
_SQS_JSON = "application/x-amz-json-1.0"
_GUARDS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"))
_MOST_BODY_BYTES = 64 * 1_048_576


@dataclass(frozen=True)
class Server:
    """A local SES that answers; `url` is what AWS_ENDPOINT_URL_SESV2 and AWS_ENDPOINT_URL_SQS are set to."""

    url: str
    local_ses: LocalSes


@contextmanager
def serve(
    local_ses: LocalSes, host: str = "127.0.0.1", port: int = 0, *, sleep: Callable[[float], None] = time.sleep
) -> Generator[Server]:
    """Answer calls in threads for the length of the block; port 0 is any free one. Raises OSError where none is free."""
    http = _Http((host, port), local_ses, sleep)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, name="local-ses")
    local_ses.let_wait(True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield Server(f"http://{shown}:{http.server_address[1]}", local_ses)
    finally:
        local_ses.let_wait(False)
        http.shutdown()
        thread.join()
        http.hang_up()
        http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them, so no answer is cut off and no socket left open
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], local_ses: LocalSes, sleep: Callable[[float], None]) -> None:
        self.local_ses = local_ses
        self.sleep = sleep
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no trouble of ours; anything else is a mistake of this server, and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End the connections that clients keep open: their threads wait for a next request that need not come."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)


class _Handler(BaseHTTPRequestHandler):
    server: _Http  # pyright: ignore[reportIncompatibleVariableOverride]  # it is never any other
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """A hundred lines a second help nobody."""

    def _handle(self) -> None:
        try:
            body = self._body()
        except Refusal as refusal:
            self.close_connection = True  # what was not read would be taken for the next request
            self._write(_refused(refusal))
            return
        path, _, query = self.path.partition("?")
        target = self.headers.get("X-Amz-Target", "")
        try:
            if path.startswith("/_local/"):
                self._write(self._ours(path, query, body))
            elif path == "/" and target.startswith("AmazonSQS."):
                self._queue(target, body)
            elif path == "/" and self.command == "GET":
                self._write(_Reply(302, headers=(("Location", "/_local/"),)))
            else:
                self._answer(self._called(path, query, body))
        except Refusal as refusal:
            self._write(_refused(refusal))

    def _answer(self, answer: Answer) -> None:
        if answer.late:
            self.server.sleep(answer.late)
        if answer.lost:
            self.close_connection = True
        elif isinstance(answer.body, Refusal):
            self._write(_refused(answer.body))
        else:
            self._write(_json(200, answer.body))

    def _body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            raise Refusal("MissingContentLength", "The request has no Content-Length.", status=411)
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MOST_BODY_BYTES:
            raise Refusal("RequestEntityTooLarge", f"The request is longer than {_MOST_BODY_BYTES} bytes.", status=413)
        return self.rfile.read(int(length))

    def _queue(self, target: str, body: bytes) -> None:
        """Speak SQS's protocol, JSON 1.0: the operation is in a header, an error's name in the body."""
        answer = self.server.local_ses.call_queue(target.rpartition(".")[2], _parsed(body), base=self._base())
        if isinstance(answer, Refusal):
            named = {"__type": f"com.amazonaws.sqs#{answer.code}", "message": answer.message}
            older = (("x-amzn-query-error", f"{older_name(answer.code)};Sender"),)
            self._write(replace(_json(answer.status, named, _SQS_JSON), headers=older))
        else:
            self._write(_json(200, answer, _SQS_JSON))

    def _base(self) -> str:
        return f"http://{self.headers.get('Host', 'localhost')}"

    def _called(self, path: str, query: str, body: bytes) -> Answer:
        signed = _CREDENTIAL.match(self.headers.get("Authorization", ""))
        if signed is None:
            raise Refusal("MissingAuthenticationTokenException", "Missing Authentication Token", status=403)
        return self.server.local_ses.call(self.command, path, query, _parsed(body), region=signed[1], size=len(body))

    def _ours(self, path: str, query: str, body: bytes) -> "_Reply":
        """The options and the inbox: for this machine only, and for no page that a browser happens to have open."""
        if not ip_address(self.client_address[0]).is_loopback:
            raise Refusal("AccessDeniedException", "This is answered to this machine only.", status=403)
        # A name that was made to point at this machine is not this machine's: the page behind it is a stranger's.
        if _LOCAL_HOST.fullmatch(self.headers.get("Host", "")) is None:
            raise Refusal("AccessDeniedException", "Call this server by a loopback address.", status=403)
        if self.command == "GET" and path != "/_local/options":
            page = inbox.page(self.server.local_ses.log, path, query)
            return _Reply(200, page.content, page.kind, (("Content-Security-Policy", page.policy), *_GUARDS))
        if path != "/_local/options":
            raise not_found(f"There is no {self.command} {path}.")
        if self.command == "GET":
            return _json(200, as_json(self.server.local_ses.options))
        if self.headers.get_content_type() != "application/json":
            raise Refusal("UnsupportedMediaType", "Send application/json.", status=415)
        return _json(200, as_json(self.server.local_ses.change_options(_parsed(body))))

    def _write(self, reply: "_Reply") -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.content)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        # A client that has given up waiting is no trouble of ours.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(reply.content)
            self.wfile.flush()


@dataclass(frozen=True)
class _Reply:
    status: int
    content: bytes = b""
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def _json(status: int, value: Any, kind: str = "application/json", error: str = "") -> _Reply:
    headers = (("x-amzn-ErrorType", error),) if error else ()
    return _Reply(status, json.dumps(value).encode(), kind, headers)


def _refused(refusal: Refusal) -> _Reply:
    return _json(refusal.status, {"message": refusal.message}, error=refusal.code)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else {}
    except ValueError as error:
        raise Refusal("SerializationException", f"The body is not JSON: {error}") from error
