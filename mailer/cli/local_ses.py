"""`mailer local-ses`: an Amazon SES on this machine, for people without an account."""

from contextlib import suppress
from typing import Annotated

import typer

from mailer.cli.output import say


def local_ses(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8054,
    host: Annotated[str, typer.Option("--host", help="A loopback address: nobody else is let in.")] = "127.0.0.1",
    rate: Annotated[float, typer.Option("--rate", min=0.01, help="The account's recipients per second.")] = 14.0,
    quota: Annotated[float, typer.Option("--quota", min=-1, help="Recipients in 24 hours; -1: no limit.")] = 50_000.0,
) -> int:
    """Be an Amazon SES until Ctrl-C: letters are accepted, limited and answered as Amazon does, and none is sent on."""
    import signal  # noqa: PLC0415  # lazy: only here
    import time  # noqa: PLC0415  # lazy: only here
    from random import SystemRandom  # noqa: PLC0415  # lazy: only here

    from mailer.errors import MailerError, UsageError  # noqa: PLC0415  # lazy: heavy
    from mailer.local_ses.options import Options  # noqa: PLC0415  # lazy: heavy
    from mailer.local_ses.queue import queue_url  # noqa: PLC0415  # lazy: heavy
    from mailer.local_ses.server import LocalSes, serve  # noqa: PLC0415  # lazy: heavy

    if not _is_loopback(host):
        raise UsageError(f"--host {host} is no loopback address", hint="Letters lie open here: use 127.0.0.1 or ::1.")
    account = LocalSes(Options(rate=rate, daily_quota=quota), clock=time.time, chance=SystemRandom())
    try:
        with serve(account, host, port) as server:
            # SIGTERM ends it as Ctrl-C does, and from the first line on whoever reads it may press that.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            with suppress(KeyboardInterrupt):
                _introduce(server.url, queue_url(server.url), rate)
                while True:
                    time.sleep(3600)
    except OSError as error:
        raise MailerError(
            f"cannot listen at {host}:{port}: {error.strerror}",
            hint="Another program may have it; --port 0 takes any free one.",
        ) from error
    say(f"\n{len(account.accepted)} letters were accepted, and are forgotten now.")
    return 0


def _introduce(url: str, events: str, rate: float) -> None:
    say(f"An Amazon SES of {rate:g} letters/s answers at {url}, until Ctrl-C. Whoever is to use it needs:\n")
    for name, value in _environment(url).items():
        say(f"  export {name}={value}")
    say(f"\nEvents of letters with the configuration set `newsletter` come through {events}")
    say(f"Look at the letters at {url}/")


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address  # noqa: PLC0415  # lazy: only here

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _environment(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_SESV2": url,
        "AWS_ENDPOINT_URL_SQS": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
