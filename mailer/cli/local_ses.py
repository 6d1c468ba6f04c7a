"""`mailer local-ses`: an Amazon SES on this machine, for people without an account."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.output import say

if TYPE_CHECKING:
    from mailer.local_ses.options import Options


def local_ses(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8054,
    host: Annotated[str, typer.Option("--host", help="A loopback address: nobody else is let in.")] = "127.0.0.1",
    rate: Annotated[float, typer.Option("--rate", min=0.01, help="The account's recipients per second.")] = 14.0,
    quota: Annotated[float, typer.Option("--quota", min=-1, help="Recipients in 24 hours; -1: no limit.")] = 50_000.0,
    control_rate: Annotated[
        float, typer.Option("--control-rate", min=0, help="Calls per second of what does not send; 0: no limit.")
    ] = 1.0,
    bounce_share: Annotated[
        float, typer.Option("--bounce-share", min=0, max=1, help="The share of letters that bounce for good.")
    ] = 0.0,
    soft_bounce_share: Annotated[
        float, typer.Option("--soft-bounce-share", min=0, max=1, help="The share that finds a full mailbox.")
    ] = 0.0,
    complaint_share: Annotated[
        float, typer.Option("--complaint-share", min=0, max=1, help="The share that is complained of.")
    ] = 0.0,
    file: Annotated[
        Path | None, typer.Option("--log", help="Add a line of JSON for each accepted letter here.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other option, as `/_local/options` shows them."),
    ] = None,
) -> int:
    """Be an Amazon SES until Ctrl-C: letters are accepted, limited and answered as Amazon does, and none is sent on.

    The options can be changed while it runs: POST a JSON object to /_local/options.
    """
    import signal  # noqa: PLC0415  # lazy: only here
    import time  # noqa: PLC0415  # lazy: only here
    from random import SystemRandom  # noqa: PLC0415  # lazy: only here

    from mailer.errors import MailerError, UsageError  # noqa: PLC0415  # lazy: heavy
    from mailer.local_ses.options import Options  # noqa: PLC0415  # lazy: heavy
    from mailer.local_ses.queue import queue_url  # noqa: PLC0415  # lazy: heavy
    from mailer.local_ses.server import LocalSes, serve  # noqa: PLC0415  # lazy: heavy

    if not _is_loopback(host):
        raise UsageError(f"--host {host} is no loopback address", hint="Letters lie open here: use 127.0.0.1 or ::1.")
    options = Options(
        rate=rate,
        daily_quota=quota,
        control_rate=control_rate,
        bounce_share=bounce_share,
        soft_bounce_share=soft_bounce_share,
        complaint_share=complaint_share,
    )
    try:
        account = LocalSes(_changed(options, settings or ()), clock=time.time, chance=SystemRandom(), log=file)
    except OSError as error:
        raise MailerError(
            f"{file}: cannot be written: {error.strerror}", hint="name another file with --log"
        ) from error
    try:
        with serve(account, host, port) as server:
            # SIGTERM ends it as Ctrl-C does, and from the first line on whoever reads it may press that.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            with suppress(KeyboardInterrupt):
                _introduce(server.url, queue_url(server.url), account.options.rate)
                while True:
                    time.sleep(3600)
    except OSError as error:
        raise MailerError(
            f"cannot listen at {host}:{port}: {error.strerror}",
            hint="Another program may have it; --port 0 takes any free one.",
        ) from error
    say(
        f"\n{len(account.log)} letters were accepted, and are {'forgotten now' if file is None else f'listed in {file}'}."
    )
    return 0


def _changed(options: "Options", settings: Sequence[str]) -> "Options":
    from mailer.errors import UsageError  # noqa: PLC0415  # lazy: heavy
    from mailer.local_ses.options import changed  # noqa: PLC0415  # lazy: heavy
    from mailer.local_ses.refusals import Refusal  # noqa: PLC0415  # lazy: heavy

    changes: dict[str, Any] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        try:
            changes[name] = json.loads(value)
        except ValueError:
            changes[name] = value
    try:
        return changed(options, changes)
    except Refusal as refusal:
        raise UsageError(
            f"--set: {refusal.message}", hint="write --set NAME=VALUE; the names are those of /_local/options"
        ) from refusal


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
