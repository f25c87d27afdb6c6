"""The page of LogQL and TraceQL: generated, complete, and every example does what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from obstack_lab.telemetry.constructs.catalogue import read
from obstack_lab.telemetry.constructs.page import LANGUAGES, page
from obstack_lab.telemetry.logql import lexer as logql_words
from obstack_lab.telemetry.logql.errors import LogqlError
from obstack_lab.telemetry.logql.lexer import tokenize
from obstack_lab.telemetry.logql.validate import parse as parse_logql
from obstack_lab.telemetry.traceql import token as traceql_words
from obstack_lab.telemetry.traceql.errors import TraceQLError
from obstack_lab.telemetry.traceql.lexer import scan
from obstack_lab.telemetry.traceql.query_parser import parse as parse_traceql

ROOT = Path(__file__).parents[3]
SAMPLE = json.loads(Path(__file__).with_name("construct_sample.json").read_text(encoding="utf-8"))
REMADE = "python -m obstack_lab.telemetry.constructs >docs/query-languages.md"


@pytest.fixture
def sample(face):
    assert face.post("/loki/api/v1/push", json=SAMPLE["logs"]).status_code == 204
    assert face.post("/v1/traces", json=SAMPLE["traces"]).status_code == 200
    return face


def ask_logql(client, one):
    is_lines = one.query.lstrip().startswith("{") and not one.instant
    given = {"query": one.query}
    if is_lines:
        given |= {"start": SAMPLE["from"], "end": SAMPLE["to"]}
    else:
        given["time"] = SAMPLE["to"]
    path = "/loki/api/v1/query_range" if is_lines else "/loki/api/v1/query"
    response = client.get(path, params=given)
    if response.status_code != 200:
        return response, 0
    data = response.json()["data"]
    if data["resultType"] == "streams":
        return response, sum(len(stream["values"]) for stream in data["result"])
    return response, len(data["result"])


def ask_traceql(client, one):
    given = {"q": one.query, "start": SAMPLE["from"], "end": SAMPLE["to"]}
    try:
        is_metrics = parse_traceql(one.query).metrics is not None
    except TraceQLError:
        is_metrics = False
    if is_metrics:
        given["step"] = "600"
    path = "/api/metrics/query_range" if is_metrics else "/api/search"
    response = client.get(path, params=given)
    if response.status_code != 200:
        return response, 0
    if is_metrics:
        return response, len(response.json()["series"])
    traces = response.json()["traces"]
    return response, sum(part["matched"] for trace in traces for part in trace["spanSets"])


@pytest.mark.parametrize(("name", "ask"), [("LogQL", ask_logql), ("TraceQL", ask_traceql)])
def test_every_example_finds_what_the_page_says_or_is_refused_as_it_says(sample, name, ask):
    wrong = []
    for one in read(name).constructs:
        response, found = ask(sample, one)
        if one.supported:
            right = response.status_code == 200 and found == one.finds > 0
        else:
            right = response.status_code == 400 and one.error in response.text
            right &= bool(one.instead and one.refuser)
        if not right:
            wrong.append((one.name, one.query, response.status_code, found, response.text[:200]))
    assert wrong == []


def test_the_page_is_the_one_that_the_lists_make():
    kept = (ROOT / "docs" / "query-languages.md").read_text(encoding="utf-8")
    assert kept == page(), f"docs/query-languages.md is old; make it anew: {REMADE}"


def test_each_word_of_logql_is_in_an_example():
    used = set()
    for one in read("LogQL").constructs:
        try:
            parse_logql(one.query)
        except LogqlError:
            continue
        for token in tokenize(one.query):
            used |= {token.kind, token.text}
    words = logql_words.RANGE_OPERATIONS | logql_words.VECTOR_OPERATIONS | logql_words.KEYWORDS
    words |= set(logql_words.CONVERSIONS) | {"label_replace", "vector", "ip"}
    assert words - used == set()


def test_each_word_and_operator_of_traceql_is_in_an_example():
    used = set()
    for one in read("TraceQL").constructs:
        if one.supported:
            used |= {token.kind for token in scan(one.query)}
    refused_here_and_there = {"parent"}
    assert traceql_words.WORDS | set(traceql_words.OPERATORS) <= used | refused_here_and_there


def test_the_readme_leads_to_the_page():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\]\(docs/query-languages\.md\)", readme)


def test_both_languages_are_on_the_page():
    assert LANGUAGES == ("LogQL", "TraceQL")
    assert all(f"## {name}" in page() for name in LANGUAGES)
