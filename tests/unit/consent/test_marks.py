"""What the caps count by: a mailbox whatever its spelling, a network, the moment of a form."""

from datetime import UTC, datetime, timedelta

from mailer.consent.marks import is_fresh, mailbox_mark, network_mark, stamp

KEY = "a-key-for-tests-only-0123456789"


def test_all_spellings_of_a_mailbox_share_a_mark_and_others_do_not() -> None:
    key = KEY.encode()
    same = {mailbox_mark(each, key) for each in ("a.b@gmail.com", "ab+x@googlemail.com", "AB@gmail.com")}
    others = {mailbox_mark(each, key) for each in ("ab@example.org", "ac@gmail.com", "+x@gmail.com")}
    assert (len(same), len(others), same & others) == (1, 3, set())


def test_a_network_is_what_one_customer_has() -> None:
    key = KEY.encode()
    pairs = [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("", "nonsense", True),
    ]
    assert [(one, two, network_mark(one, key) == network_mark(two, key)) for one, two, _ in pairs] == pairs


def test_a_stamp_is_good_for_its_form_and_a_day_under_any_key_of_the_ring() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    keys = (b"a-newer-key-of-tests-0123456789", KEY.encode())
    given = stamp("news", KEY.encode(), now)
    assert [
        is_fresh(given, "news", keys, now),
        is_fresh(given, "news", keys, now + timedelta(hours=24)),
        is_fresh(given, "news", keys, now + timedelta(hours=24, seconds=1)),
        is_fresh(given, "news", keys, now - timedelta(seconds=1)),
        is_fresh(given, "other", keys, now),
        is_fresh(given, "news", keys[:1], now),
    ] == [True, True, False, False, False, False]


def test_every_byte_of_a_stamp_counts() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    given = stamp("news", KEY.encode(), now)
    flipped = [f"{given[:i]}{'0' if given[i] != '0' else '1'}{given[i + 1 :]}" for i in range(len(given))]
    assert {is_fresh(each, "news", (KEY.encode(),), now) for each in flipped} == {False}
