"""The issue that the project sends: everything that its readers were promised is in it."""

from datetime import date
from pathlib import Path

import pytest

from mailer.issues.kinds import read_kinds
from mailer.issues.load import load_issue
from mailer.issues.model import Dateline, Figure, Issue, Paragraph, Personal, Quote, Text, Weather
from mailer.issues.newsletter import load_newsletter

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def issue() -> Issue:
    kinds = read_kinds([ROOT / "templates" / "morning-post", ROOT / "templates" / "_shared"])
    folder = ROOT / "issues" / "ai-morning-post"
    return load_issue(
        folder / "0054.md", load_newsletter(folder), kinds, lambda only: f"no segment was expected: {only}"
    )


def words(text: str) -> tuple[Text]:
    return (Text(text),)


def test_the_newsletter_is_the_ai_morning_post(issue: Issue) -> None:
    newsletter = issue.newsletter
    assert (newsletter.title, newsletter.established) == ("The AI Morning Post", 2025)
    assert newsletter.tagline == "Your Daily AI Intelligence Briefing"
    assert newsletter.beats == ("Artificial Intelligence", "Machine Learning", "Future Tech")


def test_its_dates_place_and_weather_are_those_of_the_edition(issue: Issue) -> None:
    assert (issue.number, issue.date) == (54, date(2025, 12, 20))
    assert issue.dateline == Dateline(date(2026, 3, 23), "Manchester, United Kingdom", Weather(6, "Cloudy"))


def test_its_sections_stand_in_order_with_their_attributes(issue: Issue) -> None:
    assert [(each.kind, dict(each.attributes), each.headline) for each in issue.sections] == [
        ("lead", {"rating": 7}, words("The Nano Revolution: Tiny Models Signal Shift to Edge-First AI Development")),
        ("figures", {}, words("The Scale Spectrum")),
        ("deep-dive", {"kicker": "Analysis"}, words("The Fragmentation Paradox: Why AI’s Future Might Be Smaller, Not Bigger")),
        ("opinion", {"byline": "Editor’s Column"}, words("The Democratization We Actually Need")),
        ("opinion", {"byline": "Guest Column"}, words("The Quality Control Problem Nobody’s Talking About")),
        ("tools", {}, words("Tools of the Week")),
        ("reading", {}, words("Weekend Reading")),
    ]  # fmt: skip


def test_its_figures_are_those_of_the_scale_spectrum(issue: Issue) -> None:
    assert issue.sections[1].figures == (
        Figure(words("nanoGPT Parameters"), words("124M")),
        Figure(words("GPT-4 Est. Parameters"), words("1.7T+")),
        Figure(words("Size Reduction"), words("99.9%")),
    )


def test_the_pull_quote_stands_between_the_second_and_third_paragraph(issue: Issue) -> None:
    assert [type(block) for block in issue.sections[2].blocks] == [Paragraph, Paragraph, Quote, Paragraph, Paragraph]


def test_its_tools_and_readings_are_all_there(issue: Issue) -> None:
    tools, reading = issue.sections[5:]
    assert [item.title for item in tools.items] == [
        words("nanoGPT 124M"),
        words("ScoreVision ONNX"),
        words("PUMA Keras Model"),
        words("OpenBB Terminal"),
    ]
    assert [item.title for item in reading.items] == [
        words("The Economics of Edge AI: Why Small Models Win Big"),
        words("Model Gardens vs. Model Zoos: Architectural Patterns for Multi-Model Systems"),
        words("Privacy-Preserving AI: Beyond Federated Learning"),
    ]
    assert all(item.blurb for item in (*tools.items, *reading.items))


def test_it_greets_a_reader_who_gave_no_name(issue: Issue) -> None:
    assert Personal("first_name", "dear reader") in issue.sections[-1].standfirst


@pytest.mark.parametrize(
    "fact",
    ["nanoGPT_124M", "ShiyuLi", "124 million parameters", "HuggingFace", "deployment-first AI design", "ScoreVision",
     "ONNX", "Keras", "$100,000 per month", "GDPR", "GitHub", "PUMA", "46.5K downloads", "OpenBB", "Big Tech",
     "federated learning", "differential privacy", "secure multi-party computation", "data residency"],
)  # fmt: skip
def test_its_names_and_numbers_are_told(fact: str, issue: Issue) -> None:
    text = " ".join(issue.path.read_text(encoding="utf-8").split())
    assert fact.lower() in text.lower()
