"""The same figures on every screen: terminal, JSON and HTML, at any width, with nothing that steers or loads."""

import html.parser
import re
from dataclasses import replace

import msgspec
import pytest

from tests.report.story import Story
from uptake.core.entry import HostSeen
from uptake.report.board import Board
from uptake.report.comparison import COMPARISON
from uptake.report.html import report_html
from uptake.report.plain import board_json
from uptake.report.status import STATE_MARKS, status_text
from uptake.report.table import compare_text
from uptake.report.terminal import Paint, cells, plain, wrap
from uptake.report.words import NOT_MEASURED

PHRASES = [phrase for _, deploy, implement in COMPARISON for phrase in (*deploy, *implement)]
ALONE = {"br", "meta", "link", "use", "rect", "line", "path", "circle"}


@pytest.fixture(scope="module")
def board() -> Board:
    story = Story()
    story.deploy()
    story.start_implement()
    story.settle()
    story.adopted(10, early=2)
    story.later(3)
    story.settle()
    return story.board()


class Document(html.parser.HTMLParser):
    """What an HTML file holds: its text, its tags, and whether they nest."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("href", "src", "action") and value]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in ALONE:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ALONE:
            assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("width", [20, 60, 75, 76, 100, 160, 400])
def test_lines_keep_to_the_width(board, width):
    for text in (compare_text(board, width=width), status_text(board, width=width)):
        assert max(cells(line) for line in text.splitlines()) <= max(40, min(160, width))
        assert text.endswith("\n")
        assert "\x1b" not in text


def test_a_wide_comparison_holds_every_phrase_unbroken(board):
    text = compare_text(board, width=160)
    assert [phrase for phrase in PHRASES if phrase not in text] == []
    assert text.count(NOT_MEASURED) == sum(f.sure == "not measured" for f in board.figures)
    assert [row for row, _, _ in COMPARISON] == [
        line.split("  ")[0] for line in text.splitlines() if line.split("  ")[0] in {row for row, _, _ in COMPARISON}
    ]


def test_every_figure_says_where_it_comes_from(board):
    text = " ".join(compare_text(board, width=60).split())
    for figure in board.figures:
        assert figure.sure == "not measured" or f"({figure.source}, {figure.sure})" in text


def test_colour_only_where_asked(board):
    for make in (compare_text, status_text):
        coloured = make(board, width=100, colour=True)
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == make(board, width=100)


def test_status_as_text(board):
    lines = status_text(board, width=110).splitlines()
    assert lines[0] == "Roundup replaces the shared mailbox (helpdesk)"
    deploy = next(line for line in lines if line.startswith("Deploy "))
    assert re.fullmatch(r"Deploy     ━{34}  3 of 3 hosts healthy  ✓ deployed \d+ Nov 2025 [\d:]+", deploy)
    implement = next(line for line in lines if line.startswith("Implement "))
    assert re.fullmatch(r"Implement  ━{4}─{16}┃─{13}  11% of 90 people adopted, target 60%  ● adopting", implement)
    assert any(line.startswith("  ●  Wave 1   adopting  10 of 50 = 20% (11 to 33%), gate 60%") for line in lines)
    assert any(line.startswith("  ✓  north  healthy  2.6.0  batch 1 of 2 (canary)") for line in lines)
    assert any(line.startswith("Next       Gate of wave 1 is judged from") for line in lines)


def test_status_of_many_hosts_names_only_those_that_are_not_well(board):
    one = board.hosts[0]
    many = [replace(one, name=f"web-{n:03}") for n in range(300)]
    many[7] = replace(one, name="web-007", state="unhealthy", detail="GET / answered 500")
    text = status_text(replace(board, hosts=tuple(many)), width=110)
    assert "web-007" in text
    assert "web-008" not in text
    assert "299 more" in text
    assert "300 hosts in all: 299 healthy, 1 unhealthy" in text


def test_every_state_word_has_its_mark():
    assert {"held", "adopted", "in doubt", "unreachable", "excluded", "in use", "interrupted"} <= set(STATE_MARKS)


def test_json_is_the_board(board):
    got = msgspec.json.decode(msgspec.json.encode(board_json(board)))
    assert got["schema"] == 1
    assert [f["value"] for f in got["figures"]] == [f.value for f in board.figures]
    assert [w["adopters"] for w in got["waves"]] == [10, 0, 0]
    assert got["states"] == {"deploy": "deployed", "implement": "adopting"}
    assert got["heads"][0]["number"] == "3 of 3"
    assert got["runs"][0]["state"] == "succeeded"


def test_html_is_whole_and_loads_nothing(board):
    source = report_html(board)
    document = Document(source)
    assert "script" not in document.tags
    assert "link" not in document.tags
    assert [link for link in document.links if not link.startswith("#")] == []
    assert not re.search(r"url\((?!#)|@import|https?://(?!www.w3.org)", source)
    assert len(document.ids) == len(set(document.ids))
    assert {link.removeprefix("#") for link in document.links} <= set(document.ids)


def test_html_says_what_the_board_says(board):
    text = Document(report_html(board)).text
    for figure in board.figures:
        assert figure.phrase in text
        assert figure.value in text
    for decided in board.decisions:
        assert decided.why in text
    assert board.verdict in re.sub(r" ([.,:;])", r"\1", text) or all(w in text for w in board.verdict.split())
    assert text.count(NOT_MEASURED) == sum(f.sure == "not measured" for f in board.figures)


def test_what_a_plan_or_a_host_says_is_text_and_nothing_else():
    bad = "<script>alert(1)</script>"
    story = Story(changes=(("title: Roundup replaces the shared mailbox", f'title: "{bad} & more"'),))
    story.deploy()
    escape = "\x1b]0;owned\x07\x1b[2Jok"
    story.health["west"] = HostSeen(name="west", state="unhealthy", since=story.now, detail=f"{bad} {escape}")
    story.settle()
    source = report_html(story.board())
    assert "<script" not in source
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in source
    for text in (compare_text(story.board()), status_text(story.board(), width=160)):
        assert "\x1b" not in text
        assert "\x07" not in text
    assert "]0;owned" in plain(escape)


def test_a_half_that_is_not_there_says_so():
    story = Story(deploy=False)
    document = Document(report_html(story.board()))
    assert "not in this plan" in document.text
    assert "This plan names no hosts." in document.text
    assert "not in this plan" in compare_text(story.board())


@pytest.mark.parametrize(
    ("share", "target", "bar"),
    [
        (0, None, "──────────"),
        (1, None, "━━━━━━━━━━"),
        (0.3, 0.6, "━━━───┃───"),
        (0.8, 0.6, "━━━━━━┃━──"),
        (1, 1, "━━━━━━━━━┃"),
    ],
)
def test_meters(share, target, bar):
    assert Paint(colour=False).meter(share, target, width=10, tone="deploy") == bar
    assert re.sub(r"\x1b\[[0-9;]*m", "", Paint(colour=True).meter(share, target, width=10, tone="deploy")) == bar


def test_wrapping():
    assert wrap("", 20, indent="  ") == [""]
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("one two three", 8, indent="  ", hanging="   ") == ["  one", "   two", "   three"]
    assert cells("日本") == 4
