"""Whatever is asked of the app: Schemathesis by its own OpenAPI, and strings that are known to break things."""

import re
from typing import Any

import hypothesis
import pytest
import schemathesis

from .conftest import SLUG, Opening, Web, guarded

NAUGHTY = (
    "",
    " ",
    "undefined",
    "null",
    "NULL",
    "1/0",
    "0x1",
    "NaN",
    "1" * 4000,
    "%00",
    "\x00",
    "\r\nSet-Cookie: a=b",
    "../../../../etc/passwd",
    "..%2f..%2f.env",
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "';DROP TABLE subscriber;--",
    "' OR 1=1 -- 1",
    "{{ 7*7 }}",
    "{0.__class__}",
    "%s%n%p",
    "${7*7}",
    "田中さん",
    "﷽",
    "👩‍👩‍👧‍👦",
    "\u202etest\u202c",
    "\ufeff",
    "\ufffe",
    "ة" * 500,
    "a\u0300" * 300,
    "http://a/%%30%30",
    "() { :; }; touch /tmp/x",
)


def test_the_app_bears_whatever_its_own_description_allows(open_web: Opening) -> None:
    web = open_web()
    web.person()
    schema: Any = schemathesis.openapi.from_dict(web.app.openapi())  # its types are not finished
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much],
            phases=[hypothesis.Phase.generate],
        )
        def ask(case: Any) -> None:
            nonlocal asked
            response = case.call(base_url=f"http://127.0.0.1:{web.port}")
            assert response.status_code < 500, (case.method, case.path, response.text)
            assert response.headers.get("x-content-type-options") == ["nosniff"] or response.status_code == 400
            asked += 1

        ask()
    assert asked > 100


@pytest.mark.parametrize("naughty", NAUGHTY, ids=lambda text: repr(text)[:30])
def test_naughty_strings_are_only_words(web: Web, naughty: str) -> None:
    ada = web.person()
    link = web.link(ada)
    answers = [
        web.client.post(link, data={"action": naughty, "reason": naughty, naughty or "x": naughty}),
        web.client.post(link, data={"action": "leave", "reason": naughty}),
        web.client.post(link, data={"action": "undo", "reason": naughty}),
        web.client.get(link, params={"action": naughty, "to": naughty}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    paths = [f"/u/{SLUG}/", f"/issues/{SLUG}/", "/issues/", "/u/", "/"]
    quoted = "".join(f"%{byte:02x}" for byte in naughty.encode())
    answers += [web.client.request(method, path + quoted) for path in paths for method in ("GET", "POST")]
    assert {answer.status_code for answer in answers} <= {200, 400, 404, 405, 431}
    assert all(guarded(answer) for answer in answers)
    assert not any("location" in answer.headers for answer in answers)
    for answer in answers:
        assert re.search(r"<script|onerror|/etc/passwd", answer.text) is None


def test_no_route_is_for_anybody_but_readers_and_amazon(web: Web) -> None:
    paths = set(web.app.openapi()["paths"])
    assert not [path for path in paths if re.search(r"admin|docs|openapi|login", path)]
    assert {path.split("/")[1] for path in paths} <= {
        "", "health", "ready", "u", "p", "c", "m", "t", "subscribe", "issues", "events",
    }  # fmt: skip
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert web.client.get(path).status_code == 404
