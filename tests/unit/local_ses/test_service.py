"""Whatever is asked, the local SES answers: with what was done, or with a refusal that has a name."""

import copy
from random import Random
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from mailer.local_ses.options import Options
from mailer.local_ses.refusals import Refusal
from mailer.local_ses.service import LocalSes

BULK: dict[str, Any] = {
    "FromEmailAddress": "post@example.org",
    "ReplyToAddresses": ["editor@example.org"],
    "ConfigurationSetName": "newsletter",
    "DefaultEmailTags": [{"Name": "mailing", "Value": "m1"}],
    "DefaultContent": {
        "Template": {
            "TemplateContent": {"Subject": "Hello", "Text": "Hello {{name}}", "Html": "<p>{{name}}</p>"},
            "TemplateData": '{"name": "x"}',
            "Headers": [{"Name": "List-Id", "Value": "<a.example.org>"}],
        }
    },
    "BulkEmailEntries": [
        {
            "Destination": {"ToAddresses": ["ada@example.com"]},
            "ReplacementTags": [{"Name": "delivery", "Value": "1-1"}],
            "ReplacementHeaders": [{"Name": "List-Unsubscribe", "Value": "<https://example.org/u>"}],
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": "{}"}},
        }
    ],
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as its container and its key."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(cast("dict[str, Any]", value))
    elif isinstance(value, list):
        keys = list(range(len(cast("list[Any]", value))))
    here: list[tuple[Any, Any]] = [(value, key) for key in keys]
    return here + [place for key in keys for place in places(value[key])]


COUNT = len(places(BULK))


@given(st.integers(0, COUNT - 1), anything)
def test_any_one_thing_of_a_call_may_be_anything(place: int, value: Any) -> None:
    body = copy.deepcopy(BULK)
    container, key = places(body)[place]
    container[key] = value
    account = LocalSes(Options(), clock=lambda: 1000.0, chance=Random(1))
    answer = account.call("POST", "/v2/email/outbound-bulk-emails", "", body, region="eu-west-1", size=1000).body
    if isinstance(answer, Refusal):
        assert (answer.status in {400, 404, 501}, account.accepted) == (True, [])
    else:
        assert [result["Status"] for result in answer["BulkEmailEntryResults"]] == ["SUCCESS"]
        assert all(letter.failure or letter.content for letter in account.accepted)


def test_a_call_that_nothing_is_wrong_with_is_accepted() -> None:
    account = LocalSes(Options(), clock=lambda: 1000.0, chance=Random(1))
    account.call("POST", "/v2/email/outbound-bulk-emails", "", BULK, region="eu-west-1", size=1000)
    assert [letter.recipient for letter in account.accepted] == ["ada@example.com"]
