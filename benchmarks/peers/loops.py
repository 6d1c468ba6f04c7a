"""Newsletters through SES as people send them in Python: one loop for each way, timed from its first letter to its last.

Run by the interpreter of the peers' own environment: `loops.py WAY LETTERS AT_ONCE LETTER.json`; the sink is where
AWS_ENDPOINT_URL_SESV2 says. Prints JSON: seconds by the clock, and of the processor.
"""

# It runs in the peers' environment, which is not the one that is checked.
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import json
import sys
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

SENDER = "The AI Morning Post <post@example.org>"
Way = Callable[[], Callable[[int], None]]


def client(at_once: int) -> Any:
    """boto3's, with as many connections as threads."""
    return boto3.client("sesv2", config=Config(max_pool_connections=at_once))


class Letter:
    """Issue 54 with places for a person's words."""

    def __init__(self, path: str) -> None:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
        self.subject, self.html, self.text = told["subject"], told["html"], told["text"]

    def filled(self, text: str, number: int) -> str:
        """With one person's words."""
        return text.replace("[[link]]", f"https://example.org/u/{number:040}").replace("[[name]]", f"Reader {number}")

    def unsubscribe(self, number: int) -> dict[str, str]:
        """The two headers of one-click unsubscribe."""
        return {
            "List-Unsubscribe": f"<https://example.org/u/{number:040}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


def boto3_loop(letter: Letter, at_once: int) -> Way:
    """The usual: Python's EmailMessage, and SendEmail with Raw."""
    ses = client(at_once)

    def thread() -> Callable[[int], None]:
        def send(number: int) -> None:
            message = EmailMessage(policy=SMTP)
            message["From"], message["To"] = SENDER, f"reader{number}@example.org"
            message["Subject"] = letter.subject
            for name, value in letter.unsubscribe(number).items():
                message[name] = value
            message.set_content(letter.filled(letter.text, number))
            message.add_alternative(letter.filled(letter.html, number), subtype="html")
            ses.send_email(
                Destination={"ToAddresses": [f"reader{number}@example.org"]},
                Content={"Raw": {"Data": message.as_bytes()}},
            )

        return send

    return thread


def anymail(letter: Letter, at_once: int) -> Way:  # noqa: ARG001  # every thread has a connection of its own
    """Django's EmailMultiAlternatives through django-anymail, its connection kept open."""
    from django.conf import settings  # noqa: PLC0415  # only here

    settings.configure(EMAIL_BACKEND="anymail.backends.amazon_ses.EmailBackend", ANYMAIL={}, USE_TZ=True)
    import django  # noqa: PLC0415  # only here

    django.setup()
    from django.core.mail import EmailMultiAlternatives, get_connection  # noqa: PLC0415  # after its settings

    def thread() -> Callable[[int], None]:
        connection = get_connection()
        connection.open()

        def send(number: int) -> None:
            message = EmailMultiAlternatives(
                letter.subject,
                letter.filled(letter.text, number),
                SENDER,
                [f"reader{number}@example.org"],
                headers=letter.unsubscribe(number),
                connection=connection,
            )
            message.attach_alternative(letter.filled(letter.html, number), "text/html")
            message.send()

        return send

    return thread


def bare_raw(letter: Letter, at_once: int) -> Way:
    """Nothing but the call: one letter that was made before, again and again."""
    ses = client(at_once)
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = SENDER, "reader@example.org", letter.subject
    message.set_content(letter.filled(letter.text, 1))
    message.add_alternative(letter.filled(letter.html, 1), subtype="html")
    source = message.as_bytes()

    def thread() -> Callable[[int], None]:
        def send(number: int) -> None:
            ses.send_email(
                Destination={"ToAddresses": [f"reader{number}@example.org"]},
                Content={"Raw": {"Data": source}},
                EmailTags=[{"Name": "mailing", "Value": "m1"}, {"Name": "delivery", "Value": f"{number}-1"}],
            )

        return send

    return thread


def bare_bulk(letter: Letter, at_once: int) -> Way:
    """Nothing but the calls of 50, with the same template and as much data for each person as ours."""
    ses = client(at_once)
    template = {
        "TemplateContent": {
            part: text.replace("[[link]]", "{{link}}").replace("[[name]]", "{{name}}")
            for part, text in (("Subject", letter.subject), ("Text", letter.text), ("Html", letter.html))
        },
        "TemplateData": "{}",
        "Headers": [{"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"}],
    }

    def thread() -> Callable[[int], None]:
        def send(first: int) -> None:
            entries = [
                {
                    "Destination": {"ToAddresses": [f"reader{number}@example.org"]},
                    "ReplacementTags": [{"Name": "delivery", "Value": f"{number}-1"}],
                    "ReplacementHeaders": [
                        {"Name": "List-Unsubscribe", "Value": letter.unsubscribe(number)["List-Unsubscribe"]}
                    ],
                    "ReplacementEmailContent": {
                        "ReplacementTemplate": {
                            "ReplacementTemplateData": json.dumps(
                                {"link": f"https://example.org/u/{number:040}", "name": f"Reader {number}"}
                            )
                        }
                    },
                }
                for number in range(first, first + 50)
            ]
            answer = ses.send_bulk_email(
                FromEmailAddress=SENDER, DefaultContent={"Template": template}, BulkEmailEntries=entries
            )
            assert len(answer["BulkEmailEntryResults"]) == 50  # noqa: PLR2004  # entries of a call

        return send

    return thread


WAYS = {"boto3": (boto3_loop, 1), "anymail": (anymail, 1), "bare-raw": (bare_raw, 1), "bare-bulk": (bare_bulk, 50)}


def main(way: str, letters: int, at_once: int, path: str) -> None:
    """Send by so many threads, and say how long it took; making clients does not count."""
    make, a_call = WAYS[way]
    thread = make(Letter(path), at_once)
    numbers = iter(range(0, letters, a_call))
    lock, ready, go = threading.Lock(), threading.Barrier(at_once + 1), threading.Event()

    def work() -> None:
        send = thread()
        ready.wait()
        go.wait()
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            send(number)

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for each in threads:
        each.start()
    ready.wait()
    begun, worked = time.perf_counter(), time.process_time()
    go.set()
    for each in threads:
        each.join()
    print(json.dumps({"seconds": time.perf_counter() - begun, "cpu": time.process_time() - worked}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
