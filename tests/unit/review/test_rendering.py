from __future__ import annotations

import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from obstack_lab.review import Review
from obstack_lab.review.chart import HEIGHT, WIDTH, charts
from obstack_lab.review.fragment import render as render_fragment
from obstack_lab.review.html import render as render_html
from obstack_lab.review.journal import MessageEntry, NoteEntry, QueryEntry
from obstack_lab.review.text import render as render_text
from obstack_lab.review.words import clock, duration, percent

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Balanced(HTMLParser):
    """Fails where a tag is not closed as it was opened; keeps tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(html: str) -> Balanced:
    parser = Balanced()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


@pytest.fixture
def review(judge) -> Review:
    return judge()


def plain(review: Review) -> str:
    out = io.StringIO()
    Console(file=out, width=100, color_system=None).print(render_text(review))
    return out.getvalue()


def test_a_review_travels_as_json(review) -> None:
    assert Review.model_validate_json(review.model_dump_json()) == review


def test_the_page_is_whole_and_needs_nothing_else(review) -> None:
    html = render_html(review)
    page = parsed(html)
    assert html.startswith("<!doctype html>")
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert not page.attributes & {"src", "srcset", "style", "onload", "onclick"}
    assert not re.search(r"url\(|@import|https?://", html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    "words",
    [
        "Resolved: users are well and the cause is gone",
        "What users went through",
        "Had you applied your remedy at the first alert",
        "Slow queries",
        "Connections kept too long",
        "Read the change log.",
        "orders was deployed: 1.4.2 → 1.5.0",
        "not seen",
        "held",
    ],
)
def test_page_fragment_and_text_tell_the_same(review, words) -> None:
    assert words in render_html(review)
    assert words in render_fragment(review)
    if words != "not seen":
        assert words in plain(review)


def test_everything_people_wrote_is_shown_as_text(judge, journal, run) -> None:
    evil = "<img src=x onerror=alert(1)>[red]{{ 7*7 }}"
    at = run.started_at + 100
    more = [
        NoteEntry(at=at, text=evil),
        MessageEntry(at=at + 1, sender=evil, text=evil),
        QueryEntry(at=at + 2, language="logql", query=evil),
    ]
    review = judge(journal=[*journal, *more]).model_copy(update={"account": evil, "title": evil})
    for html in (render_html(review), render_fragment(review)):
        page = parsed(html)
        assert "img" not in page.tags
        assert "script" not in page.tags
        assert "&lt;img src=x onerror=alert(1)&gt;[red]{{ 7*7 }}" in html
    assert evil in plain(review)


def test_the_explanation_is_markdown_without_html(review) -> None:
    html = render_html(review)
    assert "<strong>held</strong>" in html
    assert "<td>0.02 s</td>" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert html.count("<h1>") == 1


def test_the_fragment_keeps_its_styles_to_itself(review) -> None:
    html = render_fragment(review)
    assert html == review._repr_html_()
    parsed(html)
    style = re.sub(r"@media[^{]*\{", "", re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1])
    selectors = re.findall(r"(?m)^\s*([.\w\[][^{}]*)\{", style)
    assert len(selectors) > 50
    for selector in selectors:
        for one in selector.split(","):
            assert one.strip().startswith((".obstack-review", "[data-jp-theme-light"))


def test_a_review_has_a_short_repr(review) -> None:
    assert repr(review) == ("<Review of checkout-stalls-20270115-080000-4f2a: resolved, 76 points>")


def test_charts_stay_inside_their_frame(review) -> None:
    drawn = charts(review)
    assert len(drawn) == 3
    for chart in drawn:
        numbers = [float(n) for n in re.findall(r"[\d.]+", chart.path)]
        assert all(0 <= x <= WIDTH for x in numbers[::2])
        assert all(0 <= y <= HEIGHT for y in numbers[1::2])
        assert all(0 <= line.x <= WIDTH for line in chart.lines)
        assert [line.label for line in chart.lines] == ["1–2", "", "3", "4", "5–6", ""]
    assert len(drawn[0].bands) == 1
    assert re.fullmatch(r"Which share .*\? From \d\d(\.\d)? % to 100 %\.", drawn[0].summary)


def test_a_gap_in_the_data_is_a_gap_in_the_line(judge, ledger, run) -> None:
    holes = [e for e in ledger if not 100 <= e.intended - run.started_at < 120]
    share, wait, rate = charts(judge(ledger=holes))
    assert share.path.count("M") == wait.path.count("M") == 2
    assert rate.path.count("M") == 1


def test_every_svg_is_sound_xml(review) -> None:
    for svg in re.findall(r"<svg.*?</svg>", render_html(review), re.DOTALL):
        ET.fromstring(svg)  # noqa: S314 - our own


def test_a_run_without_data_can_be_shown(judge, journal) -> None:
    nothing = judge(journal=journal[:3], ledger=[], started_at=None, ended_at=journal[2].at)
    assert "No request was recorded" in render_html(nothing)
    parsed(render_html(nothing))
    assert "Not played" in plain(nothing)
    assert charts(nothing) == ()


def test_importing_the_journal_loads_no_template_engine() -> None:
    code = "import sys, obstack_lab.review.journal; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert not {"jinja2", "rich", "markdown_it"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.0423, "42.3 ms"),
        (0.23, "230 ms"),
        (0.9999, "1 s"),
        (2.14, "2.1 s"),
        (9.97, "10 s"),
        (59.7, "1 m"),
        (100, "1 m 40 s"),
        (-5, "−5 s"),
    ],
)
def test_durations_have_units(seconds, words) -> None:
    assert duration(seconds) == words


def test_clock_and_percent() -> None:
    assert (clock(252), clock(-30), clock(-0.2)) == ("04:12", "−00:30", "00:00")
    assert (percent(1.0), percent(0.9999), percent(0.624), percent(None)) == (
        "100 %",
        "99.9 %",
        "62.4 %",
        "–",
    )
