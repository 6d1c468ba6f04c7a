"""Routes and inputs by botocore's own model."""

import pytest

from mailer.local_ses.refusals import Refusal
from mailer.local_ses.service import ses_model


def test_every_operation_is_found_at_its_own_route() -> None:
    model = ses_model()
    for name, operation in model.operations.items():
        http = operation["http"]
        path = http["requestUri"].partition("?")[0].replace("{", "some-").replace("}", "")
        assert model.find(http["method"], path)[0] == name


def test_what_stands_in_the_path_is_decoded() -> None:
    found = ses_model().find("GET", "/v2/email/suppression/addresses/ada%2Bx%40example.com")
    assert found == ("GetSuppressedDestination", {"EmailAddress": "ada+x@example.com"})


@pytest.mark.parametrize(
    ("query", "words"),
    [("PageSize=many", "be a integer"), ("Reason=LATE", "enum value set"), ("StartDate=soon", "be a timestamp")],
)
def test_a_query_is_checked_like_a_body(query: str, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        ses_model().read("ListSuppressedDestinations", {}, query, {})


def test_a_query_is_read_by_its_types() -> None:
    query = "Reason=BOUNCE&Reason=COMPLAINT&PageSize=7&StartDate=1970-01-01T00:00:07Z"
    assert ses_model().read("ListSuppressedDestinations", {}, query, {}) == {
        "Reasons": ["BOUNCE", "COMPLAINT"],
        "PageSize": 7,
        "StartDate": 7.0,
    }
