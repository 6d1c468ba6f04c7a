"""The reader's side in a real browser: leave, undo, read the archive; nothing overflows, and axe-core finds no barrier."""

import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from axe_core_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]  # it has none
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import text

from mailer.settings import Settings
from mailer.web.app import make_app
from mailer.web.serving import listen, make_server
from mailer.wiring import Workspace

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package
from .conftest import SLUG, Desk

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    """A workspace whose first issue was sent to three people, answering at `base`."""

    desk: Desk
    workspace: Workspace
    base: str

    def link(self, subscriber_id: int) -> str:
        """Where somebody leaves."""
        return self.workspace.links.unsubscribe_url(SLUG, subscriber_id)

    def status(self, subscriber_id: int) -> str:
        """What somebody is to the newsletter."""
        with self.workspace.reading() as connection:
            statement = text("SELECT status FROM subscription WHERE subscriber_id = :id")
            return connection.execute(statement, {"id": subscriber_id}).scalar_one()


@contextmanager
def _answering(workspace: Workspace, port_of: Any) -> Generator[None]:
    server = make_server(make_app(workspace, beside=()))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [port_of]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def site(desk: Desk) -> Generator[Site]:
    """The site of a fresh workspace."""
    listening = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with (desk.root / ".env").open("a") as settings:
        settings.write(f"MAILER_BASE_URL={base}\n")
    desk.people(3)
    done = desk.run("send", "--issue", "1", "--yes")
    assert done.returncode == 0, done.stderr
    given = {
        "database_url": f"sqlite:///{desk.root / 'mailer.db'}",
        "base_url": base,
        "secret_keys": re.findall(r"^MAILER_SECRET_KEYS=(.*)$", (desk.root / ".env").read_text(), re.MULTILINE)[0],
    }
    workspace = Workspace(desk.root, Settings.model_validate(given))
    with _answering(workspace, listening):
        yield Site(desk, workspace, base)
    workspace.close()


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """The Chromium that is here; never one that would be fetched."""
    if not Path(CHROMIUM).exists():
        pytest.fail("this test looks at the pages in Chromium, and there is none: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@contextmanager
def _window(browser: Browser, width: int = 1000, *, dark: bool = False, scripts: bool = True) -> Generator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", java_script_enabled=scripts
    )
    try:
        context.set_default_timeout(1000 * PATIENCE)
        yield context.new_page()
    finally:
        context.close()


def _letter_link(site: Site) -> str:
    """The unsubscribe link of a letter that lies in the outbox, from its own header."""
    letter = next(site.desk.root.glob("outbox/*/1-*.eml")).read_text()
    return re.findall(r"^List-Unsubscribe: <(.+)>$", letter, re.MULTILINE)[0]


def test_a_person_without_scripts_leaves_by_the_letters_link_changes_their_mind_and_reads(
    site: Site, browser: Browser
) -> None:
    with _window(browser, 375, scripts=False) as page:
        page.goto(_letter_link(site))
        assert page.inner_text("h1") == "Leave My News?"
        assert site.status(1) == "subscribed"
        page.fill("textarea", "Too much of a good thing.")
        page.click("button")
        assert page.inner_text("h1") == "You have left My News"
        assert site.status(1) == "unsubscribed"
        page.click("button")
        assert page.inner_text("h1") == "Welcome back to My News"
        assert site.status(1) == "subscribed"
        page.click("text=Read past issues")
        assert page.inner_text("h1") == "The first issue of My News"
        page.click("h1 a")
        assert "Good to see you, dear reader." in page.inner_text("main")
        page.click("text=Unsubscribe")
        assert page.inner_text("h1") == "Your own links are in your letters"
    assert [site.status(number) for number in (1, 2, 3)] == ["subscribed"] * 3


def test_a_browser_that_runs_scripts_and_clicks_nothing_changes_nothing(site: Site, browser: Browser) -> None:
    with _window(browser) as page:
        for _ in range(3):
            page.goto(site.link(2), wait_until="networkidle")
            page.evaluate("document.querySelectorAll('a').forEach((each) => fetch(each.href).catch(() => 0))")
            page.wait_for_timeout(200)
    assert site.status(2) == "subscribed"


@pytest.mark.parametrize("width", [320, 1000])
@pytest.mark.parametrize("dark", [False, True])
def test_no_page_overflows_or_has_a_barrier(site: Site, browser: Browser, width: int, *, dark: bool) -> None:
    found: dict[str, Any] = {}
    passed = 0

    def look(page: Page, name: str) -> None:
        nonlocal passed
        seen: dict[str, Any] = cast("Any", Axe()).run(page)
        passed += len(seen["passes"])
        barriers = [(each["id"], [node["html"] for node in each["nodes"]]) for each in seen["violations"]]
        needed, there = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        if barriers or needed > there:
            found[name] = (barriers, needed, there)

    with _window(browser, width, dark=dark) as page:
        for path in ("/", f"/issues/{SLUG}/1", f"/u/{SLUG}", f"/u/{SLUG}/nothing", "/nothing"):
            page.goto(site.base + path)
            look(page, path)
        page.goto(site.link(3))
        look(page, "ask")
        page.click("button")
        look(page, "left")
        page.click("button")
        look(page, "back")
    assert found == {}, json.dumps(found, indent=2)
    assert passed > 8 * 10


@pytest.mark.parametrize("dark", [False, True])
def test_pages_wear_the_palette_that_the_reader_prefers(site: Site, browser: Browser, *, dark: bool) -> None:
    with _window(browser, dark=dark) as page:
        page.goto(site.link(1))
        shown = page.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor")
        theme = site.workspace.theme(site.workspace.newsletter(None))
    wanted = (theme.dark if dark else theme.light)["paper"]
    assert shown == f"rgb({int(wanted[1:3], 16)}, {int(wanted[3:5], 16)}, {int(wanted[5:7], 16)})"
