"""Issue 54 in a real browser: nothing overflows, columns stack on a phone, dark mode is dark."""

import html
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mailer.issues.load import load_issue
from mailer.issues.newsletter import load_newsletter
from mailer.rendering.pipeline import preview_html, render_edition
from mailer.rendering.theme import Theme, find_theme

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package

ROOT = Path(__file__).parents[2]

# A phone is narrower than Chromium's narrowest window; a frame is not.
HARNESS = """<!doctype html><meta charset="utf-8">
<iframe style="border:0;width:{width}px;height:20000px" srcdoc="{letter}"></iframe>
<script>
addEventListener("load", () => {{
  const page = document.querySelector("iframe").contentDocument;
  const box = (selector, number = 0) => page.querySelectorAll(selector)[number].getBoundingClientRect();
  const style = (selector) => getComputedStyle(page.querySelector(selector));
  const found = {{
    width: page.documentElement.clientWidth,
    needed: page.documentElement.scrollWidth,
    beyond: [...page.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > {width}.5).length,
    stacked: box(".byline", 1).top > box(".byline").bottom + 100,
    beside: Math.abs(box(".box").top - box(".drop").top) < 40,
    masthead: box(".masthead").height / parseFloat(style(".masthead").lineHeight),
    smallest: Math.min(...[...page.querySelectorAll("p,td,th,a,h1,h2,h3,li")]
      .filter((each) => [...each.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
      .map((each) => parseFloat(getComputedStyle(each).fontSize))),
    colours: {{
      desk: style("body").backgroundColor, strip: style(".strip").backgroundColor,
      paper: style(".sheet").backgroundColor, tint: style(".box").backgroundColor,
      ink: style(".para").color, soft: style(".dateline").color, accent: style(".kicker").color,
    }},
  }};
  document.body.innerHTML = "<pre>" + JSON.stringify(found) + "</pre>";
}});
</script>"""


@pytest.fixture(scope="module")
def theme() -> Theme:
    return find_theme("morning-post", [])


@pytest.fixture(scope="module")
def letter(theme: Theme) -> str:
    """Issue 54 as a reader gets it, but for its links."""
    folder = ROOT / "issues" / "ai-morning-post"
    issue = load_issue(folder / "0054.md", load_newsletter(folder), theme.kinds, lambda _: None)
    return preview_html(render_edition(issue, theme))


def look(letter: str, width: int, folder: Path, *, dark: bool = False) -> dict[str, Any]:
    """What a reader's window of `width` pixels shows."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        pytest.fail("this test looks at the letter in Chromium, and there is none on PATH: apt-get install chromium")
    page = folder / "harness.html"
    page.write_text(HARNESS.format(width=width, letter=html.escape(letter)), encoding="utf-8")
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--window-size=800,800",
            "--virtual-time-budget=5000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    found: dict[str, Any] = json.loads(html.unescape(done.stdout.split("<pre>")[1].split("</pre>")[0]))
    return found


@pytest.mark.parametrize("width", [320, 375])
def test_on_a_phone_nothing_overflows_and_columns_stack(letter: str, tmp_path: Path, width: int) -> None:
    seen = look(letter, width, tmp_path)
    assert (seen["width"], seen["needed"], seen["beyond"]) == (width, width, 0)
    assert seen["stacked"]
    assert not seen["beside"]
    assert round(seen["masthead"]) == (1 if width == 375 else 2)
    assert seen["smallest"] >= 14


def test_on_a_desktop_nothing_overflows_and_columns_stand_side_by_side(letter: str, tmp_path: Path) -> None:
    seen = look(letter, 640, tmp_path)
    assert (seen["width"], seen["needed"], seen["beyond"]) == (640, 640, 0)
    assert not seen["stacked"]
    assert seen["beside"]
    assert round(seen["masthead"]) == 1
    assert seen["smallest"] >= 14


@pytest.mark.parametrize("dark", [False, True])
def test_the_letter_wears_the_palette_that_the_reader_prefers(
    letter: str, theme: Theme, tmp_path: Path, *, dark: bool
) -> None:
    seen = look(letter, 640, tmp_path, dark=dark)
    palette = theme.dark if dark else theme.light
    roles = {"desk", "paper", "tint", "ink", "soft", "accent"}
    assert seen["colours"] == {role: _rgb(palette[role]) for role in roles} | {"strip": _rgb(palette["desk"])}


def _rgb(colour: str) -> str:
    return f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:7], 16)})"
