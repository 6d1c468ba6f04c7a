"""Whole letters through SES: each one once, and what became of it."""

import time
from contextlib import closing
from random import Random

import pytest

from mailer.errors import TransportError
from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve
from mailer.ses.client import reading_client, sending_client
from mailer.ses.transport import SesTransport
from mailer.transport.base import Accepted, Envelope, Lost, NotSent, Refused, Transport

from .conftest import rate_of, session
from .letters import MAILING, envelope


def test_letters_arrive_as_they_were_printed_with_their_tags(raw: SesTransport, server: Server) -> None:
    envelopes = [envelope(number) for number in range(1, 11)]
    receipts = raw.send(envelopes)
    # Four at the same time: in which order they arrive is nobody's promise.
    arrived = sorted(server.local_ses.accepted, key=lambda letter: int(letter.tags["delivery"].partition("-")[0]))
    assert [
        (Accepted(letter.message_id), letter.recipient, letter.content, letter.tags, letter.configuration_set)
        for letter in arrived
    ] == [
        (receipt, each.recipient, each.content, {"mailing": MAILING, "delivery": each.delivery}, "newsletter")
        for receipt, each in zip(receipts, envelopes, strict=True)
    ]


@pytest.mark.parametrize(
    ("options", "expected", "arrived"),
    [
        pytest.param({"lose_next": 1}, Lost, 1, id="the answer is lost"),
        pytest.param({"fail_next": 1}, Lost, 0, id="500"),
        pytest.param({"fail_next": 1, "fail_accepted": True}, Lost, 1, id="500, and yet sent"),
        pytest.param({"throttle_next": 1}, NotSent, 0, id="throttled"),
        pytest.param({"paused": True}, NotSent, 0, id="paused"),
        pytest.param({"daily_quota": 0}, NotSent, 0, id="no quota left"),
        pytest.param({"verified": []}, NotSent, 0, id="an identity that is not verified"),
    ],
)
def test_one_call_is_one_letter_at_most_and_its_receipt_says_what_is_known(
    raw: SesTransport, server: Server, options: dict[str, object], expected: type, arrived: int
) -> None:
    server.local_ses.change_options(options)
    [receipt] = raw.send([envelope(1)])
    assert (type(receipt), len(server.local_ses.accepted)) == (expected, arrived)


def test_account_wide_trouble_pauses_and_the_quota_pauses_as_quota(raw: SesTransport, server: Server) -> None:
    def pause(**options: object) -> str:
        server.local_ses.change_options({"paused": False, "daily_quota": 50_000, "verified": None, **options})
        [receipt] = raw.send([envelope(1)])
        return receipt.pause if isinstance(receipt, NotSent) else "none"

    assert (pause(paused=True), pause(verified=[]), pause(daily_quota=0), pause(throttle_next=1)) == (
        "account",
        "account",
        "quota",
        "",
    )


def test_a_letter_that_ses_would_not_take_is_not_offered(raw: SesTransport, server: Server) -> None:
    good = envelope(1)
    bad = [
        Envelope(good.sender, "zoë@example.org", good.content, good.mailing, good.delivery),
        Envelope(good.sender, good.recipient, good.content, good.mailing, "1.1"),
        Envelope(good.sender, good.recipient, b"x" * 30_000_001, good.mailing, good.delivery),
    ]
    receipts = raw.send([bad[0], good, *bad[1:]])
    assert [type(receipt) for receipt in receipts] == [Refused, Accepted, Refused, Refused]
    assert len(server.local_ses.accepted) == 1
    assert "zoë" not in str(receipts[0])


def test_nobody_listens_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:9")
    with closing(_transport()) as transport:
        receipts = transport.send([envelope(1), envelope(2)])
    assert [(type(receipt), getattr(receipt, "pause", None)) for receipt in receipts] == [(NotSent, "")] * 2


def test_a_connection_that_was_closed_in_between_is_replaced_and_no_answer_lost_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    local_ses = LocalSes(Options(), clock=time.time, chance=Random(54))
    with serve(local_ses) as first:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", first.url)
        transport = _transport()
        receipts = transport.send([envelope(1), envelope(2)])
    receipts += transport.send([envelope(3)])
    with serve(local_ses, port=int(first.url.rpartition(":")[2])):
        receipts += transport.send([envelope(4), envelope(5)])
        transport.close()
    assert [type(receipt) for receipt in receipts] == [Accepted, Accepted, NotSent, Accepted, Accepted]
    assert len(local_ses.accepted) == 4


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.mark.usefixtures("no_credentials")
def test_without_credentials_nothing_is_sent_and_the_account_is_to_blame(server: Server) -> None:
    reading = reading_client()
    with closing(SesTransport(sending_client(1), reading, at_once=1, account=rate_of(reading))) as transport:
        [receipt] = transport.send([envelope(1)])
        with pytest.raises(TransportError) as caught:
            transport.prepare("news@example.org", 10)
    assert receipt == NotSent("NoCredentialsError: Unable to locate credentials", "account")
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint
    assert server.local_ses.accepted == []


def test_prepare_asks_for_the_account_and_says_every_remedy(raw: SesTransport, server: Server) -> None:
    raw.prepare("news@example.org", 10)
    server.local_ses.change_options({"paused": True, "daily_quota": 0})
    with pytest.raises(TransportError) as caught:
        raw.prepare("news@example.org", 10)
    assert "switched off" in str(caught.value)
    assert "put-account-sending-attributes" in caught.value.hint


def test_it_is_a_transport_that_says_where_letters_go(raw: SesTransport, server: Server) -> None:
    transport: Transport = raw
    assert (transport.name, transport.batch, transport.where("m"), transport.look_up("m", ["1-1"])) == (
        "ses",
        1,
        "",
        None,
    )
    assert transport.about == f"an SES on this machine ({server.url}), nothing leaves it"


def test_amazons_own_endpoint_is_not_this_machine() -> None:
    with closing(_transport()) as transport:
        assert transport.about == "letters leave this machine, through Amazon SES in eu-west-1"


def test_a_configuration_set_that_cannot_be_one_is_refused() -> None:
    with closing(sending_client(1, session())) as sending, closing(reading_client(session())) as reading:
        with pytest.raises(TransportError) as caught:
            SesTransport(sending, reading, at_once=1, account=rate_of(reading), configuration_set="a b")
        assert caught.value.hint == "mend MAILER_SES_CONFIGURATION_SET"


def _transport() -> SesTransport:
    reading = reading_client(session())
    return SesTransport(sending_client(2, session()), reading, at_once=2, account=rate_of(reading))
