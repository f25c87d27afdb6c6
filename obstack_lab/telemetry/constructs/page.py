"""The published page of constructs: Markdown made of the lists, between two texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from obstack_lab.telemetry.constructs.catalogue import Construct, Language, read
from obstack_lab.telemetry.logql.template.functions import FUNCTIONS

LANGUAGES = ("LogQL", "TraceQL")
_INTRODUCTION = Path(__file__).with_name("introduction.md")
_DIFFERENCES = Path(__file__).with_name("differences.md")


def page() -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION.read_text(encoding="utf-8")]
    for name in LANGUAGES:
        parts.extend(_language(read(name)))
        if name == "LogQL":
            names = ", ".join(f"`{function}`" for function in sorted(FUNCTIONS, key=str.lower))
            parts.append(f"### Functions of templates\n\n{names}\n")
    parts.append(_DIFFERENCES.read_text(encoding="utf-8"))
    return "\n".join(parts)


def _language(language: Language) -> Iterator[str]:
    supported = sum(one.supported for one in language.constructs)
    refused = len(language.constructs) - supported
    yield f"## {language.name}\n\n{supported} constructs answered, {refused} refused.\n"
    for chapter in language.chapters:
        rows = "\n".join(_row(one) for one in chapter.constructs)
        yield (
            f"### {chapter.title}\n\n"
            f"| {language.name} | what it does | example | supported |\n"
            f"| --- | --- | --- | --- |\n{rows}\n"
        )


def _row(one: Construct) -> str:
    cells = [one.name, one.about, _code(one.query), "yes" if one.supported else _refusal(one)]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _refusal(one: Construct) -> str:
    return f"refused ({one.refuser}): {_code(one.error)}. {one.instead}"


def _code(text: str) -> str:
    """Return a text as code; one that holds a backtick is fenced by two."""
    text = " ".join(text.split())
    return f"`` {text} ``" if "`" in text else f"`{text}`"
