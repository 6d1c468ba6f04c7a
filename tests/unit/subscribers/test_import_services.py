"""The export of each service says the same of people, in whatever encoding, with whatever line ends and separators, however packed."""

import csv
import gzip
import io
import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ...lists import read  # noqa: TID252  # tests are not a package

SAMPLES = Path(__file__).parents[2] / "fixtures" / "imports"

EXPECTED: dict[str, tuple[str, list[tuple[str, str, str, str, str]]]] = {
    "subscribed_members_export_1.csv": (
        "Mailchimp",
        [("ada@example.org", "Zoë Müller", "Lorem Editors,beta", "subscribed", "2020-01-02 10:00:00")],
    ),
    "unsubscribed_members_export_1.csv": (
        "Mailchimp (unsubscribed)",
        [("ada@example.org", "Zoë", "", "unsubscribed", "2021-02-03 04:05:06")],
    ),
    "cleaned_members_export_1.csv": (
        "Mailchimp (cleaned)",
        [("ada@example.org", "Zoë", "", "bounced", "2021-02-03 04:05:06")],
    ),
    "substack.csv": (
        "Substack",
        [
            ("bob@example.org", "", "", "unsubscribed", ""),
            ("zoe@xn--bcher-kva.example", "", "", "subscribed", "2022-05-06 07:08:09"),
        ],
    ),
    "ghost.csv": (
        "Ghost",
        [
            ("ada@example.org", "Zoë", "beta,vip", "subscribed", "2022-05-06 07:08:09"),
            ("bob@example.org", "Bob", "", "unsubscribed", ""),
            ("cy@example.org", "Cy", "", "unsubscribed", "2023-01-01 00:00:00"),
        ],
    ),
    "kit.csv": (
        "Kit",
        [
            ("ada@example.org", "Zoë", "beta", "subscribed", "2022-05-06 07:08:09"),
            ("bob@example.org", "Bob", "", "unsubscribed", ""),
            ("cy@example.org", "Cy", "", "bounced", ""),
            ("di@example.org", "Di", "", "complained", ""),
            ("ed@example.org", "Ed", "", "unconfirmed", "2022-05-06 00:00:00"),
        ],
    ),
    "beehiiv.csv": (
        "beehiiv",
        [
            ("ada@example.org", "Zoë Müller", "", "subscribed", "2022-05-06 00:00:00"),
            ("bob@example.org", "Bob", "", "unsubscribed", "2023-05-06 00:00:00"),
            ("cy@example.org", "Cy", "", "unconfirmed", "2022-05-06 00:00:00"),
        ],
    ),
    "brevo.csv": (
        "Brevo",
        [
            ("ada@example.org", "Zoë Müller", "", "subscribed", "2022-05-06 00:00:00"),
            ("bob@example.org", "Bob", "", "unsubscribed", ""),
        ],
    ),
    "activecampaign.csv": (
        "ActiveCampaign",
        [
            ("ada@example.org", "Zoë", "beta", "subscribed", "2022-05-06 00:00:00"),
            ("bob@example.org", "Bob", "", "unsubscribed", ""),
            ("cy@example.org", "Cy", "", "bounced", ""),
            ("di@example.org", "Di", "", "unconfirmed", "2022-05-06 00:00:00"),
        ],
    ),
    "buttondown.csv": (
        "Buttondown",
        [
            ("ada@example.org", "", "beta,café", "subscribed", "2022-05-06 00:00:00"),
            ("bob@example.org", "", "", "unsubscribed", ""),
            ("cy@example.org", "", "", "unconfirmed", "2022-05-06 00:00:00"),
            ("di@example.org", "", "", "bounced", ""),
        ],
    ),
    "listmonk.csv": (
        "listmonk",
        [
            ("ada@example.org", "Zoë", "", "subscribed", "2022-05-06 07:08:09"),
            ("bob@example.org", "Bob", "", "operator", ""),
            ("cy@example.org", "Cy", "", "unsubscribed", ""),
        ],
    ),
    "squarespace.csv": (
        "Squarespace",
        [("zoe@xn--bcher-kva.example", "", "", "subscribed", "2022-05-06 00:00:00")],
    ),
}

ENCODINGS = {"utf-8": b"", "utf-8-sig": b"", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff", "cp1252": b""}
"""And the mark that stands before the text."""
SAVED = {"as it came": "", "commas": ",", "semicolons": ";", "tabs": "\t"}
"""As spreadsheets save a file, by the country that they are set to."""


def zipped(name: str, content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(name, content)
    return whole.getvalue()


def separated(text: str, separator: str) -> str:
    """The same table with another separator."""
    saved = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if text.count(";") > text.count(",") else ",")
    csv.writer(saved, delimiter=separator, lineterminator="\n").writerows(rows)
    return saved.getvalue()


def variants(name: str, text: str) -> Iterator[tuple[str, bytes]]:
    texts = {f"saved with {how}": separated(text, separator) if separator else text for how, separator in SAVED.items()}
    texts |= {f"sep={separator}": f"sep={separator}\n{separated(text, separator)}" for separator in ",;\t"}
    for (how, saved), (encoding, mark), end in itertools.product(
        texts.items(), ENCODINGS.items(), ["\n", "\r\n", "\r"]
    ):
        content = mark + saved.replace("\n", end).encode(encoding)
        for packing, packed in (
            ("plain", content),
            ("gzip", gzip.compress(content, compresslevel=1, mtime=0)),
            ("zip", zipped(name, content)),
        ):
            yield f"{how}, {encoding}, {end!a}, {packing}", packed


@pytest.mark.parametrize("name", EXPECTED)
def test_the_export_of_a_service_says_the_same_however_it_was_saved(tmp_path: Path, name: str) -> None:
    service, people = EXPECTED[name]
    as_it_came = read(SAMPLES / name)
    assert (as_it_came.service, [person[:5] for person in as_it_came.people]) == (service, people)
    assert len(as_it_came.refused) == (1 if service == "Kit" else 0)
    path, differ = tmp_path / name, list[str]()
    for how, content in variants(name, (SAMPLES / name).read_text(encoding="utf-8")):
        path.write_bytes(content)
        found = read(path)
        if (found.service, found.people, len(found.refused)) != (service, as_it_came.people, len(as_it_came.refused)):
            differ.append(how)
    assert differ == []


def test_the_samples_hold_letters_that_every_encoding_writes_differently() -> None:
    for name in EXPECTED:
        assert not (SAMPLES / name).read_text(encoding="utf-8").isascii()
    assert sorted(path.name for path in SAMPLES.iterdir()) == sorted(EXPECTED)


def said(tmp_path: Path, text: str, name: str = "people.csv") -> tuple[str, list[str]]:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read(tmp_path / name)
    return found.service, [" ".join(filter(None, [one.wanted, one.name, one.tags])) for one in found.people]


@pytest.mark.parametrize(
    ("service", "text", "people"),
    [
        (
            "Mailchimp",
            'Email,MEMBER_RATING,OPTIN_TIME,TAGS\na@example.org,2,2020-01-02 03:04:05,"""x"",""y"""\n',
            ["subscribed x,y"],
        ),
        (
            "Mailchimp",
            "Adresse e-mail,Prénom,Nachname,OPTIN_TIME,LEID,EUID\na@example.org,Zoé,M,2020-01-02,1,2\n",
            ["subscribed Zoé M"],
        ),
        ("Mailchimp (unsubscribed)", "Correo,MEMBER_RATING,UNSUB_TIME\na@example.org,2,2020-01-02\n", ["unsubscribed"]),
        ("Substack", "email,active_subscription,email_disabled\na@example.org,FALSCH,WAHR\n", ["unsubscribed"]),
        (
            "Ghost",
            "email,name,subscribed_to_emails\na@example.org,A,VRAI\nb@example.org,B,\n",
            ["subscribed A", "unsubscribed B"],
        ),
        ("Kit", "first_name,email,created_at,status\nA,a@example.org,2020-01-02,subscribed\n", ["subscribed A"]),
        (
            "beehiiv",
            "Email,Status,Created At,Subscription Tier\na@example.org,Active,2025-10-10 10:10:10,free\n",
            ["subscribed"],
        ),
        (
            "Brevo",
            "EMAIL;NOM;PRENOM;EMAIL_BLACKLISTED;SMS_BLACKLISTED\na@example.org;M;Zoé;Yes;No\n",
            ["unsubscribed Zoé M"],
        ),
        ("Buttondown", "email,creation_date,subscriber_type\na@example.org,2020-01-02,unpaid\n", ["unconfirmed"]),
    ],
)
def test_columns_that_changed_over_the_years_or_are_in_another_language_are_known(
    tmp_path: Path, service: str, text: str, people: list[str]
) -> None:
    assert said(tmp_path, text) == (service, people)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        (
            "E-Mail-Adresse;Vorname;Nachname;Status;Anmeldedatum\na@example.org;Zoë;M;Abgemeldet;1.2.2025\n",
            ["unsubscribed Zoë M"],
        ),
        (
            "Adresse e-mail;Prénom;Statut\na@example.org;Zoé;Abonné\nb@example.org;B;Désabonné\n",
            ["subscribed Zoé", "unsubscribed B"],
        ),
        ("Name,E-mail 1 - Type,E-mail 1 - Value\nZoë,* Home,a@example.org\n", ["subscribed Zoë"]),
        ("Timestamp,What is your e-mail?\n2025/04/03 10:00:00 AM GMT+2,a@example.org\n", ["subscribed"]),
        ("email,status,subscribed\na@example.org,active,no\nb@example.org,bounced,yes\n", ["unsubscribed", "bounced"]),
        ("Email *,First Name:\na@example.org,A\n", ["subscribed A"]),
        (
            "Subscriber,Status,Subscribed\na@example.org,Active,2025-01-02 10:00\nb@example.org,Bounced,3/4/2025\n",
            ["subscribed", "bounced"],
        ),
        (
            "Email Address,Status\na@example.org,Non-Subscribed\nb@example.org,Archived\n",
            ["unconfirmed", "unsubscribed"],
        ),
    ],
)
def test_files_of_anybody_are_guessed_in_the_languages_of_their_people(
    tmp_path: Path, text: str, people: list[str]
) -> None:
    assert said(tmp_path, text) == ("", people)


@pytest.mark.parametrize(
    ("name", "text", "person"),
    [
        ("a.csv", 'email,tags\na@example.org,"[""beta"", ""vip""]"\n', "subscribed beta,vip"),
        ("a.jsonl", '{"email":"a@example.org","tags":["vip","beta"]}\n', "subscribed beta,vip"),
        ("a.jsonl", '{"email":"a@example.org","tags":[{"id":1,"name":"vip"}]}\n', "subscribed vip"),
        ("a.csv", "email,tags\na@example.org,[vip]\n", "subscribed [vip]"),
        ("a.csv", "email,tags\na@example.org,[1]\n", "subscribed [1]"),
        ("a.csv", "email,tags\na@example.org,[]\n", "subscribed"),
    ],
)
def test_tags_may_be_an_array_as_programs_write_it(tmp_path: Path, name: str, text: str, person: str) -> None:
    assert said(tmp_path, text, name) == ("", [person])


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("email,unsubscribed_at,created_at\na@example.org,2024-02-03,2020-01-01\n", "2024-02-03 00:00:00"),
        ("email,unsubscribed,created_at\na@example.org,yes,2020-01-01\n", ""),
        ("email,unsubscribed,created_at\na@example.org,,2020-01-01\n", "2020-01-01 00:00:00"),
    ],
)
def test_whoever_left_did_so_when_the_file_says_it_and_not_on_the_day_they_agreed(
    tmp_path: Path, text: str, since: str
) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert [one.since for one in read(tmp_path / "a.csv").people] == [since]
