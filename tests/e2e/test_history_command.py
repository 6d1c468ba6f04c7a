"""`mailer subscribers history`: all that is known of a person and was sent to them, in order, on both databases."""

from .conftest import SLUG, Desk


def ok(desk: Desk, *arguments: str) -> str:
    done = desk.run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_tells_of_everything_in_order(anywhere: Desk) -> None:
    form = ("--consent-source", "a form")
    ok(anywhere, "subscribers", "add", "ada@example.org", "--name", "Ada", "--tag", "x", "--field", "city=York", *form)
    ok(anywhere, "subscribers", "add", "old@example.org", *form)
    ok(anywhere, "send", "--issue", "1", "--yes")
    ok(anywhere, "test", "--issue", "1", "--to", "ada@example.org")
    ok(anywhere, "subscribers", "merge", "ada@example.org", "old@example.org", "--yes")
    (anywhere.root / "more.csv").write_text("email,tags\nada@example.org,imported\n")
    ok(anywhere, "subscribers", "import", "more.csv", "--yes")
    ok(anywhere, "suppressions", "add", "ada@example.org", "--note", "by phone")
    ok(anywhere, "suppressions", "lift", "ada@example.org", "--note", "by phone again", "--yes")
    ok(anywhere, "suppressions", "add", "ada@example.org", "--reason", "bounced")
    said = ok(anywhere, "subscribers", "history", "ada@example.org").splitlines()
    assert said[:5] == [
        "ada@example.org  Ada",
        "  my-news: unsubscribed",
        "  suppressed: bounced; not mailed until that is lifted",
        "  tags: imported, x",
        "  city: York",
    ]
    told = anywhere.json("subscribers", "history", "ada@example.org")
    assert told["person"] == {
        "email": "ada@example.org",
        "name": "Ada",
        "suppressed": "bounced",
        "tags": ["imported", "x"],
        "fields": {"city": "York"},
        "newsletters": {SLUG: "unsubscribed"},
    }
    assert told["notices"] == [{"kind": "test", "newsletter": SLUG, "email": "ada@example.org", "standing": "accepted"}]
    assert [entry["at"] for entry in told["entries"]] == sorted(entry["at"] for entry in told["entries"])
    assert len(told["entries"]) == len(said) - 5
    whats = [f"{entry['kind']}: {entry['what']}" for entry in told["entries"]]
    begins = [
        "entered: entered the address book",
        "consent: somebody vouches for consent to my-news, by a form",
        "consent: somebody vouches for consent to my-news, by a form",
        "letter: issue 1 of my-news: claimed by a sender",
        "letter: issue 1 of my-news, to old@example.org: claimed by a sender",
        "letter: issue 1 of my-news: accepted: ",
        "letter: issue 1 of my-news, to old@example.org: accepted: ",
        "notice: test letter of my-news, to ada@example.org: asked for",
        "notice: test letter of my-news, to ada@example.org: claimed by a sender",
        "notice: test letter of my-news, to ada@example.org: accepted: notice/",
        "consent: merged with old@example.org, who was number 2",
        "suppression: old@example.org suppressed as operator: merged into subscriber 1",
        "import: was in import 1 of more.csv",
        "consent: suppression lifted, by operator (note=by phone again, reason=operator, since=",
        "suppression: ada@example.org suppressed as bounced",
        "consent: the mailbox is gone, which ends all newsletters",
    ]
    assert [what.startswith(begin) for what, begin in zip(sorted(whats), sorted(begins), strict=True)] == [True] * 16
    lifted = next(entry for entry in told["entries"] if "lifted" in entry["what"])
    assert (lifted["evidence"]["was"], lifted["evidence"]["note"]) == ("by phone", "by phone again")


def test_of_an_address_that_was_merged_it_tells_whose_it_is(anywhere: Desk) -> None:
    for email in ("ada@example.org", "old@example.org"):
        ok(anywhere, "subscribers", "add", email)
    ok(anywhere, "subscribers", "merge", "ada@example.org", "old@example.org", "--yes")
    said = ok(anywhere, "subscribers", "history", "OLD@example.org").splitlines()
    assert said[:2] == [
        "OLD@example.org",
        "  merged into ada@example.org, or left for it: mailer subscribers history ada@example.org",
    ]
    told = anywhere.json("subscribers", "history", "old@example.org")
    assert (told["person"], told["belongs_to"], told["subscribers"]) == (None, "ada@example.org", [])


def test_of_somebody_who_only_got_a_notice_it_tells_that(anywhere: Desk) -> None:
    ok(anywhere, "test", "--issue", "1", "--to", "Zoe@example.org")
    told = anywhere.json("subscribers", "history", "zoe@example.org")
    assert (told["person"], [entry["kind"] for entry in told["entries"]]) == (None, ["notice"] * 3)
