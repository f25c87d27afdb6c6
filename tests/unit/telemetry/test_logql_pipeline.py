"""What each stage does to a line and its labels."""

from __future__ import annotations

import pytest

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.pipeline import compile_stages, run
from obstack_lab.telemetry.logql.validate import parse


def through(stages: str, line: str, meta: dict[str, str] | None = None) -> Entry | None:
    """Return the entry after the stages, None where they drop it."""
    tree = parse('{app="web"} ' + stages)
    assert isinstance(tree, ast.Selector)
    entry = Entry(1_795_249_200_000_000_001, line, {"app": "web"}, meta or {})
    return entry if run(compile_stages(tree.stages), entry) else None


def labels(stages: str, line: str, meta: dict[str, str] | None = None) -> dict[str, str]:
    entry = through(stages, line, meta)
    assert entry is not None
    return {name: value for name, value in entry.labels().items() if name != "app"} | (
        {} if entry.labels().get("app") == "web" else {"app": entry.labels().get("app", "")}
    )


@pytest.mark.parametrize(
    ("stages", "line", "found"),
    [
        ("| json", '{"a":1.50,"b":{"c d":true},"e":[1],"f":null,"a":2}', {"a": "1.50", "b_c_d": "true"}),  # noqa: E501 - the text under test is as long
        ("| json", '{"app":"x","9":"y"}', {"app_extracted": "x", "_9": "y"}),
        ("| json", '{"a":"x","b":"open', {
            "a": "x", "__error__": "JSONParserErr",
            "__error_details__": "Value is string, but can't find closing '\"' symbol"}),
        ('| json a="x[1].y", z', '{"x":[0,{"y":7}]}', {"a": "7", "z": ""}),
        ("| logfmt", 'a=1 b="two words" c= d a=3', {"a": "1", "b": "two words"}),
        ("| logfmt --keep-empty", "a= b", {"a": "", "b": ""}),
        ("| logfmt --strict", 'a=1 "', {
            "a": "1", "__error__": "LogfmtParserErr",
            "__error_details__": "logfmt syntax error at pos 5 : unexpected '\"'"}),
        ("| logfmt --strict a, b", 'a=1 "', {
            "a": "1", "b": "", "__error__": "LogfmtParserErr",
            "__error_details__": "logfmt syntax error at pos 5 : unexpected '\"'"}),
        ("| logfmt", 'a=1 b="never closed c=2', {"a": "1"}),
        ("| logfmt", 'a="\\x41" b=2', {"b": "2"}),
        ('| json a="b", c="d[0]"', '{"b":{"x": [1, "y"]},"d":[ {"e" : 1}]}', {
            "a": '{"x": [1, "y"]}', "c": '{"e" : 1}'}),
        ("| regexp `(?P<n>\\d+)`", "ab 12", {"n": "12"}),
        ("| pattern `<ip> <_> <path>`", "1.2.3.4 - /x y", {"ip": "1.2.3.4", "path": "/x y"}),
        ('| json | drop a, b="2"', '{"a":1,"b":2,"c":3}', {"c": "3"}),
        ("| json | keep b", '{"a":1,"b":2}', {"b": "2", "app": ""}),
        ("| json | label_format x=a, y=`{{.b}}!`", '{"a":1,"b":2}', {"b": "2", "x": "1", "y": "2!"}),  # noqa: E501 - the text under test is as long
        ("| json | a > 5", '{"a":"x"}', {
            "a": "x", "__error__": "LabelFilterErr",
            "__error_details__": 'strconv.ParseFloat: parsing "x": invalid syntax'}),
    ],
)  # fmt: skip
def test_a_stage_finds_these_labels(stages: str, line: str, found: dict[str, str]) -> None:
    assert labels(stages, line) == found


@pytest.mark.parametrize(
    ("stages", "line", "kept"),
    [
        ('|= "a" or "b"', "xb", True),
        ('!= "a" or "b"', "xb", False),
        ('|~ "^x"', "yx", False),
        ('|> "<_> took=<_>"', "job took=5", True),
        ('|> "took=<_>"', "job took=5", True),
        ('|= ip("10.0.0.0/8")', "from 10.1.2.3 to", True),
        ('!= ip("10.0.0.1-10.0.0.9")', "from 10.0.0.5", False),
        ('|= ip("::1")', "[::1]:80", True),
        ("| logfmt | d >= 1.5s", "d=1500ms", True),
        ("| logfmt | s < 2KB", "s=1.5KiB", True),
        ('| logfmt | d=~"1.*"', "d=21x", True),
        ('| logfmt | d=~"1.5"', "d=21x5", False),
        ('| logfmt | missing!="x"', "a=1", True),
        ("| logfmt | missing > 0", "a=1", False),
    ],
)  # fmt: skip
def test_a_filter_keeps_or_drops_the_line(stages: str, line: str, *, kept: bool) -> None:
    assert (through(stages, line) is not None) is kept


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("{{.a}}-{{.missing}}", "1-"),
        ('{{ if eq .b "x y" }}yes{{ else }}no{{ end }}', "yes"),
        ("{{ .a | int | add 2 }} {{ div 7 2 }} {{ round 3.456 2 }}", "3 3 3.46"),
        ('{{ .b | ToUpper | replace " " "_" | trunc 2 }}', "X_"),
        ('{{ __timestamp__ | date "2006-01-02T15:04:05.000Z07:00" }}', "2026-11-21T08:20:00.000Z"),
        ('{{ printf "%q %5.2f %03d" .b 3.14159 7 }}', '"x y"  3.14 007'),
        ('{{ $x := "v" }}{{ range $i, $e := (fromJson "[5,6]") }}{{$i}}{{$x}}{{$e}} {{ end }}', "0v5 1v6 "),  # noqa: E501 - the text under test is as long
        ("{{- .a -}} !", "1!"),
        ('{{ regexReplaceAll "(\\\\w) (\\\\w)" .b "$2 $1" }}', "y x"),
        ('{{ default "none" .c }} {{ len .b }} {{ index (fromJson "{\\"k\\":1}") "k" }}', "none 3 1"),  # noqa: E501 - the text under test is as long
        ("{{ __line__ | len }}", "11"),
        ('{{ unixEpoch (toDate "2006-01-02" "2026-11-21") }}', "1795219200"),
    ],
)  # fmt: skip
def test_a_template_writes_the_line(template: str, line: str) -> None:
    entry = through(f"| logfmt | line_format `{template}`", 'a=1 b="x y"')
    assert entry is not None
    assert (entry.line, entry.error) == (line, "")


def test_a_failing_template_keeps_the_line_and_says_where_it_failed() -> None:
    entry = through("| line_format `{{ .took | duration }}`", "the line")
    assert entry is not None
    assert (entry.line, entry.error) == ("the line", "TemplateFormatErr")
    assert entry.details == (
        'template: line:1:11: executing "line" at <duration>: error calling duration: '
        'time: invalid duration ""'
    )


def test_unpack_restores_the_packed_line_and_decolorize_takes_colours_away() -> None:
    entry = through("| unpack", '{"_entry":"inner","pod":"p-0","n":7}')
    assert entry is not None
    assert (entry.line, entry.parsed) == ("inner", {"pod": "p-0"})
    coloured = through("| decolorize", "\x1b[31mred\x1b[0m")
    assert coloured is not None
    assert coloured.line == "red"


def test_metadata_comes_after_the_stream_and_before_what_is_parsed() -> None:
    found = labels("| logfmt", "app=p tid=p k=p", {"app": "m", "tid": "m"})
    assert found == {"app_extracted": "p", "tid": "m", "tid_extracted": "p", "k": "p"}
