"""The log: what was accepted stays known, and takes no memory to speak of."""

import itertools
import json
import tracemalloc
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.local_ses.letters import RawContent
from mailer.local_ses.log import AcceptedLetter, AcceptedLog
from mailer.local_ses.options import Options
from mailer.local_ses.service import LocalSes


def letter(number: int = 1, **changes: Any) -> AcceptedLetter:
    members: dict[str, Any] = {
        "message_id": f"0100-{number}",
        "sender": "Post <post@example.org>",
        "recipient": f"reader{number}@example.com",
        "tags": {"mailing": "m1", "delivery": f"{number}-1"},
        "accepted_at": 1000.5,
        "operation": "SendEmail",
        "configuration_set": "newsletter",
        "region": "eu-west-1",
        "failure": "",
        "told": (("SEND", ""), ("BOUNCE", "Permanent/General")),
        **changes,
    }
    return AcceptedLetter(**members)


def account(log: Path | None = None, **options: Any) -> LocalSes:
    return LocalSes(
        Options(rate=1e9, daily_quota=-1, **options),
        clock=itertools.count(1000, 0.01).__next__,
        chance=Random(1),
        log=log,
    )


def send(ses: LocalSes, letters: int) -> None:
    template = {"TemplateContent": {"Subject": "Hello", "Text": "Hello {{name}}"}, "TemplateData": '{"name": "x"}'}
    entries = [{"Destination": {"ToAddresses": [f"r{number}@example.com"]}} for number in range(50)]
    body = {
        "FromEmailAddress": "post@example.org",
        "ConfigurationSetName": "newsletter",
        "DefaultContent": {"Template": template},
        "BulkEmailEntries": entries,
    }
    for _ in range(letters // 50):
        answer = ses.call("POST", "/v2/email/outbound-bulk-emails", "", body, region="eu-west-1", size=1000).body
        assert isinstance(answer, dict)


@given(st.lists(st.text(), max_size=4))
def test_what_is_appended_is_read_back_whatever_it_says(texts: list[str]) -> None:
    log = AcceptedLog()
    letters = [letter(number, failure=text, tags={"a": text}) for number, text in enumerate(texts)]
    for each in letters:
        log.append(each, keep=10)
    assert (list(log), len(log)) == (letters, len(texts))
    assert log[1:] == letters[1:]


def test_only_the_newest_contents_are_kept() -> None:
    log = AcceptedLog()
    for number in range(3):
        log.append(letter(number, kept=RawContent(b"Subject: %d\r\n\r\n" % number)), keep=2)
    assert [each.subject for each in log] == ["", "1", "2"]
    assert log[-1].subject == "2"
    with pytest.raises(IndexError):
        log[3]


def test_the_log_is_a_file_that_another_process_reads_and_that_a_second_start_adds_to(tmp_path: Path) -> None:
    path = tmp_path / "accepted.jsonl"
    for _ in range(2):
        send(account(path), 50)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert Counter(line["recipient"] for line in lines) == Counter(
        {f"r{number}@example.com": 2 for number in range(50)}
    )
    assert lines[0]["told"] == [["SEND", ""], ["DELIVERY", ""]]


def test_letters_and_their_events_take_a_few_bytes_each() -> None:
    ses = account(keep_contents=50)
    send(ses, 1_000)
    tracemalloc.start()
    send(ses, 10_000)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(ses.log) == 11_000
    # 8 bytes for the letter and 8 for each of its two events, and what an array keeps in reserve.
    assert grown / 10_000 < 60


@pytest.mark.parametrize(
    ("option", "share", "kind"),
    [
        ("bounce_share", 0.04, "Permanent/General"),
        ("soft_bounce_share", 0.02, "Transient/MailboxFull"),
        ("complaint_share", 0.0005, "COMPLAINT"),
        ("delay_share", 0.01, "DELIVERY_DELAY"),
        ("open_share", 0.3, "OPEN"),
        ("click_share", 0.1, "CLICK"),
    ],
)
def test_a_share_is_spread_evenly(option: str, share: float, kind: str) -> None:
    options: dict[str, Any] = {option: share}
    ses = account(**options)
    each_once(ses, 10_000)
    hit = [number for number, each in enumerate(ses.log) if kind in {word for told in each.told for word in told}]
    assert len(hit) == round(10_000 * share)
    gaps = {after - before for before, after in itertools.pairwise(hit)}
    assert max(gaps) - min(gaps) <= 1


def test_several_shares_divide_the_letters_and_none_takes_from_another(tmp_path: Path) -> None:
    ses = account(tmp_path / "log", bounce_share=0.04, soft_bounce_share=0.02, complaint_share=0.0005)
    each_once(ses, 10_000)
    outcomes = Counter(each.told[-1] for each in ses.log)
    assert outcomes == {
        ("BOUNCE", "Permanent/General"): 400,
        ("BOUNCE", "Transient/MailboxFull"): 200,
        ("COMPLAINT", ""): 5,
        ("DELIVERY", ""): 9_395,
    }


def each_once(ses: LocalSes, letters: int) -> None:
    """As many letters to as many people."""
    template = {"TemplateContent": {"Subject": "Hello", "Text": "Hello"}}
    for start in range(0, letters, 50):
        entries = [{"Destination": {"ToAddresses": [f"r{number}@example.com"]}} for number in range(start, start + 50)]
        body = {
            "FromEmailAddress": "post@example.org",
            "ConfigurationSetName": "newsletter",
            "DefaultContent": {"Template": template},
            "BulkEmailEntries": entries,
        }
        ses.call("POST", "/v2/email/outbound-bulk-emails", "", body, region="eu-west-1", size=1000)
