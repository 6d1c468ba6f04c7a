"""Issue 54 in the inbox of local-ses, in a real browser: sent raw and in bulk, at a desk and on a phone."""

import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from mailer.cli.demo import shipped_issues
from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package
from .conftest import Desk

CHROMIUM = "/usr/bin/chromium"
DESK, PHONE = 1280, 375
VIEWS = ("", "/phone", "/text", "/headers", "/source")
RAW, BULK = 0, 1
OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A local SES with issue 54 in it twice: letter 0 came raw, letter 1 in bulk."""
    with serve(LocalSes(Options(rate=1_000), clock=time.time, chance=Random(54))) as server:
        for mode in ("raw", "bulk"):
            desk = Desk(tmp_path_factory.mktemp(mode))
            shutil.copytree(shipped_issues(), desk.root / "issues")
            settings = {
                "MAILER_TRANSPORT": "ses",
                "MAILER_SES_MODE": mode,
                "MAILER_SES_CONFIGURATION_SET": "newsletter",
                "MAILER_SECRET_KEYS": "a-key-for-tests-only-0123456789",
                "AWS_ENDPOINT_URL_SESV2": server.url,
                "AWS_ACCESS_KEY_ID": "local",
                "AWS_SECRET_ACCESS_KEY": "local",
                "AWS_DEFAULT_REGION": "eu-west-1",
            }
            (desk.root / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
            for words in (
                ["subscribers", "add", "ada@example.org", "--name", "Ada Lovelace", "--consent-source", "a test"],
                ["send", "--issue", "54", "--yes"],
            ):
                done = desk.run(*words)
                assert done.returncode == 0, done.stderr
        yield server


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """The Chromium that is here; never one that would be fetched."""
    if not Path(CHROMIUM).exists():
        pytest.fail("this test looks at the pages in Chromium, and there is none: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@contextmanager
def opened(browser: Browser, url: str, *, width: int = DESK, dark: bool = False) -> Generator[Page]:
    """A page; whatever the browser complains of on it is an error."""
    complaints: list[str] = []
    with browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
    ) as context:
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(url)
        yield page
    assert complaints == []


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("number", [RAW, BULK])
def test_every_view_of_the_letter_fits_its_window(inbox: Server, browser: Browser, number: int, width: int) -> None:
    letter = f"{inbox.url}/_local/letters/{number}"
    with opened(browser, letter, width=width) as page:
        for view in VIEWS:
            page.goto(letter + view)
            assert page.evaluate(OVERFLOWS) is False
            assert (
                page.get_by_role("heading", level=1).inner_text() == "Tiny models, big shift: AI is moving to the edge"
            )
            assert page.locator('[aria-current="page"]').count() == 1


@pytest.mark.parametrize("dark", [False, True])
def test_the_letter_looks_the_same_raw_and_in_bulk(inbox: Server, browser: Browser, dark: bool) -> None:  # noqa: FBT001  # a parameter
    seen: list[tuple[str, str]] = []
    for number in (RAW, BULK):
        with opened(browser, f"{inbox.url}/_local/letters/{number}", dark=dark) as page:
            letter = page.frame_locator("iframe").locator("body")
            colour: str = letter.evaluate("body => getComputedStyle(body).backgroundColor")
            seen.append((letter.inner_text(), colour))
    (text, colour), other = seen[0], seen[1]
    assert "The Nano Revolution" in text
    # Two mailings: only their links may differ, and those are not in the text.
    assert (text, colour) == other
    red = int(colour.partition("(")[2].partition(",")[0])
    assert (red < 60) is dark


def test_the_letter_can_be_seen_dark_by_somebody_who_prefers_light(inbox: Server, browser: Browser) -> None:
    with opened(browser, f"{inbox.url}/_local/letters/{BULK}") as page:
        page.get_by_role("link", name="Dark").click()
        letter = page.frame_locator("iframe").locator("body")
        dark: str = letter.evaluate("body => getComputedStyle(body).backgroundColor")
    assert int(dark.partition("(")[2].partition(",")[0]) < 60


def test_the_phone_is_as_wide_as_one(inbox: Server, browser: Browser) -> None:
    with opened(browser, f"{inbox.url}/_local/letters/{RAW}/phone") as page:
        letter = page.frame_locator("iframe").locator("html")
        assert letter.evaluate("page => [page.clientWidth, page.scrollWidth]") == [PHONE, PHONE]


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_a_letter_is_found_and_opened_by_keyboard_alone(inbox: Server, browser: Browser, width: int) -> None:
    with opened(browser, f"{inbox.url}/", width=width) as page:
        assert page.get_by_role("heading", level=1).inner_text() == "2 letters accepted"
        page.get_by_label("Recipient").fill("ADA@")
        page.keyboard.press("Enter")
        page.get_by_role("listitem").first.get_by_role("link").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/_local/letters/1")
        assert page.get_by_text("SendBulkEmail").count() == 1
