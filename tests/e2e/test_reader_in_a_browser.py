"""A reader in a real browser: joins, confirms, gets the issue, changes their mind, leaves; every page without a barrier."""

import re
import socket
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import default as modern
from pathlib import Path
from random import Random
from shutil import copytree
from typing import Any

import httpx
import pytest
from axe_core_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]  # it has none
from playwright.sync_api import Browser, Page, sync_playwright

from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve

from ..waiting import PATIENCE, until  # noqa: TID252  # tests are not a package
from .conftest import SLUG, Desk

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """The Chromium of this machine."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield opened
        opened.close()


@dataclass
class Circle:
    """`mailer serve` over a workspace, and the local SES that its letters go to."""

    desk: Desk
    base: str
    server: Server
    browser: Browser

    def page(self, *, scheme: Any = "light", width: int = 1100) -> Page:
        """A reader's browser."""
        page = self.browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
        page.set_default_timeout(1000 * PATIENCE)
        return page

    def letter(self, recipient: str, number: int = 1) -> Message:
        """The so-many-th letter to an address, as soon as it has arrived."""

        def contents() -> list[bytes]:
            accepted = list(self.server.local_ses.accepted)
            return [each.content for each in accepted if each.recipient == recipient and each.content]

        until(lambda: len(contents()) >= number)
        return message_from_bytes(contents()[number - 1], policy=modern)

    def address_in(self, recipient: str, words: str, number: int = 1) -> str:
        """Where the link with these words leads, in the letter's text."""
        part = self.letter(recipient, number).get_payload(0)
        assert isinstance(part, Message)
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found = re.search(rf"{words}:?\s+<(http[^>]+)>", content.decode().replace("\r\n", "\n"))
        assert found, content.decode()
        return found[1]

    def join(self, email: str) -> Page:
        """Subscribe and confirm, as a person does; the page at the end."""
        page = self.page()
        page.goto(f"{self.base}/subscribe/{SLUG}")
        page.get_by_label("Your e-mail address").fill(email)
        page.get_by_role("button", name="Subscribe").click()
        assert page.inner_text("h1") == "Look into your inbox"
        page.goto(self.address_in(email, "Confirm my subscription"))
        page.get_by_role("button", name="Confirm my subscription").click()
        assert page.inner_text("h1") == "You are subscribed to My News"
        return page


@pytest.fixture
def circle(desk: Desk, browser: Browser) -> Generator[Circle]:
    """A workspace that sends through a local SES, and is served."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    with serve(LocalSes(Options(rate=14), clock=time.time, chance=Random(54))) as server:
        settings = {
            "MAILER_TRANSPORT": "ses",
            "MAILER_SES_CONFIGURATION_SET": "newsletter",
            "MAILER_BASE_URL": base,
            "AWS_ENDPOINT_URL_SESV2": server.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }
        with (desk.root / ".env").open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        process = desk.start("serve", "--port", str(port))
        try:
            until(lambda: _answers(base) or process.poll() is not None)
            yield Circle(desk, base, server, browser)
        finally:
            process.terminate()
            out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        assert not re.search(r"[A-Za-z0-9_-]{24}[1-9a-f]", err), "a token stands in the log"
        assert "example.org" not in err.replace(base, ""), out


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/ready").status_code == 200
    except httpx.HTTPError:
        return False


def _next_issue(desk: Desk, number: int) -> None:
    first = desk.root / "issues" / SLUG / "0001.md"
    text = first.read_text(encoding="utf-8").replace("number: 1", f"number: {number}")
    first.with_name(f"{number:04}.md").write_text(text, encoding="utf-8")


def test_the_whole_circle(circle: Circle) -> None:
    desk = circle.desk
    circle.join("ada@example.org")
    circle.join("bob@example.org")
    listed = {each["email"]: each["status"] for each in desk.json("subscribers", "list")}
    assert listed == {"ada@example.org": "subscribed", "bob@example.org": "subscribed"}
    sent = desk.run("send", "--issue", "1", "--yes")
    assert sent.returncode == 0, sent.stderr
    issue = circle.letter("ada@example.org", 2)
    url = str(issue["List-Unsubscribe"]).strip("<>")
    answer = httpx.post(
        url, content="List-Unsubscribe=One-Click", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (answer.status_code, answer.history) == (200, [])
    _next_issue(desk, 2)
    assert desk.run("send", "--issue", "2", "--yes").returncode == 0
    recipients = [each.recipient for each in circle.server.local_ses.accepted]
    assert (recipients.count("ada@example.org"), recipients.count("bob@example.org")) == (2, 3)
    assert desk.status(2)["audience"] == 1


def test_a_reader_changes_their_preferences_and_their_address(circle: Circle) -> None:
    issues = circle.desk.root / "issues"
    copytree(issues / SLUG, issues / "weekend")
    other = issues / "weekend" / "newsletter.yaml"
    other.write_text(other.read_text().replace("My News", "Weekend"), encoding="utf-8")
    page = circle.join("ada@example.org")
    page.get_by_role("link", name="Change your preferences").click()
    page.get_by_role("checkbox", name=re.compile("Weekend")).check()
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_role("button", name="Save").click()
    assert "Saved." in page.inner_text("main")
    page.get_by_label("Your new address").fill("ada@new.example.org")
    page.get_by_role("button", name="Send the letter").click()
    mine = page.url
    page.goto(circle.address_in("ada@new.example.org", "Use this address"))
    page.get_by_role("button", name="Use this address").click()
    assert page.inner_text("h1") == "Your address was changed"
    assert str(circle.letter("ada@example.org", 2)["Subject"]) == "Your address for My News was changed"
    shown = circle.desk.json("subscribers", "show", "ada@new.example.org", "--newsletter", SLUG)
    assert (shown["name"], shown["newsletters"]) == ("Ada Lovelace", {SLUG: "subscribed", "weekend": "subscribed"})
    page.goto(mine)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download my data").click()
    assert "ada@new.example.org" in Path(waiting.value.path()).read_text(encoding="utf-8")
    page.get_by_role("button", name="Erase my data").click()
    page.get_by_role("button", name="Erase everything").click()
    assert page.inner_text("h1") == "We keep nothing about you"
    assert circle.desk.json("subscribers", "list", "--newsletter", SLUG) == []


def _look(page: Page, address: str, then: Callable[[Page], None] | None) -> tuple[Sequence[str], int]:
    """What axe finds on a page, and by how many pixels it is too wide."""
    page.goto(address)
    if then:
        then(page)
    found: Any = Axe().run(page)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # as above
    beyond: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [each["id"] for each in found["violations"]], beyond


def _press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name).click()


LONG = "somebody-with-a-name-that-has-no-end-and-no-space-in-it@a-department.of-some.university.example.org"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 320)])
def test_no_page_has_a_barrier(circle: Circle, scheme: str, width: int) -> None:
    # A title and an address that no phone has room for on one line.
    issues = circle.desk.root / "issues"
    copytree(issues / SLUG, issues / "long-title")
    written = issues / "long-title" / "newsletter.yaml"
    written.write_text(
        written.read_text(encoding="utf-8").replace("My News", "Donaudampfschifffahrtsgesellschaftsblatt")
    )
    mine = circle.join(LONG).get_by_role("link", name="Change your preferences").get_attribute("href")
    assert mine
    form = f"{circle.base}/subscribe/{SLUG}"

    def bad_address(page: Page) -> None:
        page.locator("form").first.evaluate("form => { form.noValidate = true }")
        page.get_by_label("Your e-mail address").fill("nobody")
        _press("Subscribe")(page)

    circle_page = circle.page(scheme=scheme, width=width)
    visits: list[tuple[str, Callable[[Page], None] | None]] = [
        (form, None),
        (form, bad_address),
        (f"{form}/embed", None),
        (circle.address_in(LONG, "Confirm my subscription"), None),
        (mine, None),
        (mine, _press("Save")),
        (mine, _press("Erase my data")),
        (mine, _press("Leave all newsletters")),
    ]
    seen = {
        (address.rsplit("/", 1)[0], index): _look(circle_page, address, then)
        for index, (address, then) in enumerate(visits)
    }
    assert {key: value for key, value in seen.items() if value != ([], 0)} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_notice_has_no_barrier_either(circle: Circle, scheme: str, tmp_path: Path) -> None:
    circle.join("ada@example.org")
    letter = circle.letter("ada@example.org").get_payload(1)
    assert isinstance(letter, Message)
    content = letter.get_payload(decode=True)
    assert isinstance(content, bytes)
    path = tmp_path / "notice.html"
    path.write_bytes(content)
    findings, beyond = _look(circle.page(scheme=scheme, width=360), path.as_uri(), None)
    # A letter has no landmarks, and its head is MJML's.
    assert (set(findings) - {"region", "landmark-one-main", "meta-viewport", "meta-viewport-large"}, beyond) == (
        set(),
        0,
    )


def test_a_test_letter_goes_through_ses_and_its_links_lead_somewhere(circle: Circle) -> None:
    circle.desk.run("subscribers", "add", "me@example.org", "--consent-source", "me")
    done = circle.desk.run(
        "test", "--issue", "1", "--to", "me@example.org", "--to", "suppressionlist@simulator.amazonses.com"
    )
    assert "me@example.org: accepted" in done.stdout.splitlines()
    letter = circle.letter("me@example.org")
    assert str(letter["Subject"]) == "[Test] The first issue of My News"
    url = str(letter["List-Unsubscribe"]).strip("<>")
    assert httpx.post(url, content="List-Unsubscribe=One-Click").status_code == 200
    page = circle.page()
    page.goto(circle.address_in("me@example.org", "Unsubscribe"))
    assert "nobody was unsubscribed" in page.inner_text("main")
    page.goto(circle.address_in("me@example.org", "View in browser"))
    assert "The first issue of My News" in page.title()
    assert [each["status"] for each in circle.desk.json("subscribers", "list")] == ["subscribed"]


def test_programs_that_follow_links_and_run_scripts_change_nothing(circle: Circle) -> None:
    page = circle.page()
    page.goto(f"{circle.base}/subscribe/{SLUG}")
    page.get_by_label("Your e-mail address").fill("ada@example.org")
    page.get_by_role("button", name="Subscribe").click()
    confirm = circle.address_in("ada@example.org", "Confirm my subscription")
    for agent in ("Barracuda Sentinel", "Mozilla/5.0 (Microsoft Office 365 ATP)", "Mimecast"):
        for _ in range(10):
            httpx.get(confirm, headers={"User-Agent": agent})
            httpx.head(confirm, headers={"User-Agent": agent})
    page.goto(confirm)
    page.wait_for_timeout(500)
    listed = circle.desk.json("subscribers", "list")
    assert [each["status"] for each in listed] == ["unconfirmed"]
