"""Turns the stages of a query into functions over entries, and checks them while doing so."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from obstack_lab.telemetry.logql import ast, jsonline, logfmtline
from obstack_lab.telemetry.logql.entry import DETAILS, ERROR, Entry
from obstack_lab.telemetry.logql.errors import ParseError
from obstack_lab.telemetry.logql.filters import label_stage, line_stage, refusal, text_test
from obstack_lab.telemetry.logql.jsonpath import parse_key, parse_path
from obstack_lab.telemetry.logql.pattern import extract, extraction_pattern
from obstack_lab.telemetry.logql.regex import compile_regex
from obstack_lab.telemetry.logql.template import Template, TemplateError, compile_template

StageFunction = Callable[[Entry], bool]
TEMPLATE_FAILED = "TemplateFormatErr"
_COLOUR = re.compile(
    "[\x1b\x9b][\\[()#;?]*(?:(?:(?:[a-zA-Z0-9]*(?:;[a-zA-Z0-9]*)*)?\x07)"
    "|(?:(?:[0-9]{1,4}(?:;[0-9]{0,4})*)?[0-9A-PRZcf-ntqry=><~]))"
)


def compile_stages(stages: Sequence[ast.Stage]) -> list[StageFunction]:
    """Return one function a stage; it changes the entry and says whether the line stays."""
    return [_compile(stages, place) for place in range(len(stages))]


def run(functions: Sequence[StageFunction], entry: Entry) -> bool:
    """Send an entry through the stages; False where one of them drops it."""
    for function in functions:  # noqa: SIM110 - half the time of `all` and a generator
        if not function(entry):
            return False
    return True


def _compile(stages: Sequence[ast.Stage], place: int) -> StageFunction:
    stage = stages[place]
    if isinstance(stage, ast.TextParser):
        return _text_parser(stage)
    try:
        if stage == ast.JsonParser() and place + 1 < len(stages):
            return _json_before(stages[place + 1])
        return _build(stage)
    except ValueError as error:
        raise ParseError(f"stage '{_shown(stages, place)}' : {error}") from error


def _json_before(following: ast.Stage) -> StageFunction:
    if isinstance(following, ast.LabelFilter) and (refused := refusal(following.filter)):
        number = isinstance(following.filter, ast.NumberFilter)
        return jsonline.parse_json_unless(*refused, number=number)
    return jsonline.parse_json


def _shown(stages: Sequence[ast.Stage], place: int) -> str:
    """Return the text of a stage, of a line filter with those that stand beside it."""
    first, beyond = place, place + 1
    if isinstance(stages[place], ast.LineFilter):
        while first and isinstance(stages[first - 1], ast.LineFilter):
            first -= 1
        while beyond < len(stages) and isinstance(stages[beyond], ast.LineFilter):
            beyond += 1
    return " ".join(map(str, stages[first:beyond]))


def _build(stage: ast.Stage) -> StageFunction:  # noqa: PLR0911 - one return a case
    match stage:
        case ast.LineFilter():
            return line_stage(stage)
        case ast.LabelFilter():
            return label_stage(stage.filter)
        case ast.JsonParser():
            if not stage.fields:
                return jsonline.parse_json
            return jsonline.parse_fields(
                tuple((name, parse_path(path)) for name, path in stage.fields)
            )
        case ast.LogfmtParser():
            if not stage.fields:
                return logfmtline.parse_logfmt(strict=stage.strict, keep_empty=stage.keep_empty)
            fields = tuple((name, parse_key(key)) for name, key in stage.fields)
            return logfmtline.parse_fields(fields, strict=stage.strict)
        case ast.LineFormat():
            return _line_format(stage)
        case ast.LabelFormat():
            return _label_format(stage)
        case ast.LabelChoice():
            return _drop(stage) if stage.kind == "drop" else _keep(stage)
        case _:
            return _decolorize


def _text_parser(stage: ast.TextParser) -> StageFunction:
    try:
        if stage.kind == "regexp":
            return _regexp(stage.text)
        if stage.kind == "pattern":
            return _pattern(stage.text)
    except ValueError as error:
        raise ParseError(f"invalid {stage.kind} parser: {error}") from error
    return jsonline.unpack


def _regexp(text: str) -> StageFunction:
    regex = compile_regex(text)
    if not regex.names:
        raise ValueError("at least one named capture must be supplied")
    names = [name for _, name in regex.names]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ValueError(f"duplicate extracted label name '{name}'")

    def stage(entry: Entry) -> bool:
        groups = regex.groups(entry.line)
        if groups is not None:
            for number, name in regex.names:
                entry.extract(name, groups[number] or "")
        return True

    return stage


def _pattern(text: str) -> StageFunction:
    pieces = extraction_pattern(text)

    def stage(entry: Entry) -> bool:
        for name, value in extract(pieces, entry.line):
            entry.extract(name, value)
        return True

    return stage


def _decolorize(entry: Entry) -> bool:
    if not entry.line.isprintable():
        entry.line = _COLOUR.sub("", entry.line)
    return True


def _line_format(stage: ast.LineFormat) -> StageFunction:
    try:
        template = compile_template(stage.template, "line")
    except TemplateError as error:
        raise ValueError(f"invalid line template: {error}") from error

    def format_line(entry: Entry) -> bool:
        try:
            entry.line = template.render(entry)
        except TemplateError as error:
            entry.fail(TEMPLATE_FAILED, str(error))
        return True

    return format_line


def _label_source(assignment: ast.Assignment) -> str | Template:
    if assignment.rename:
        return assignment.source
    try:
        return compile_template(assignment.source, "label")
    except TemplateError as error:
        raise ValueError(f"invalid template for label '{assignment.name}': {error}") from error


def _label_format(stage: ast.LabelFormat) -> StageFunction:
    sources: list[tuple[str, str | Template]] = []
    seen: set[str] = set()
    for assignment in stage.assignments:
        if assignment.name in (ERROR, DETAILS):
            raise ValueError(f"{assignment.name} cannot be formatted")
        if assignment.name in seen:
            raise ValueError(
                f"multiple label name '{assignment.name}' not allowed in a single format operation"
            )
        seen.add(assignment.name)
        sources.append((assignment.name, _label_source(assignment)))

    def format_labels(entry: Entry) -> bool:
        for name, source in sources:
            if isinstance(source, str):
                value = entry.get(source)
                if value is not None:
                    entry.set(name, value)
                    entry.remove(source)
                continue
            try:
                entry.set(name, source.render(entry))
            except TemplateError as error:
                entry.fail(TEMPLATE_FAILED, str(error))
        return True

    return format_labels


def _choices(stage: ast.LabelChoice) -> list[tuple[str, Callable[[str], bool] | None]]:
    return [
        (item, None) if isinstance(item, str) else (item.name, text_test(item.op, item.value))
        for item in stage.items
    ]


def _drop(stage: ast.LabelChoice) -> StageFunction:
    choices = _choices(stage)

    def drop(entry: Entry) -> bool:
        for name, test in choices:
            value = entry.get(name)
            if test is None or (value is not None and test(value)):
                entry.remove(name)
        return True

    return drop


def _keep(stage: ast.LabelChoice) -> StageFunction:
    choices = _choices(stage)

    def keep(entry: Entry) -> bool:
        kept = {
            name
            for name, test in choices
            if test is None or ((value := entry.get(name)) is not None and test(value))
        }
        for name in list(entry.names()):
            if name not in kept:
                entry.remove(name)
        return True

    return keep
