"""What can be wrong with a template; the messages are Go's."""

from __future__ import annotations


class TemplateError(Exception):
    """A template that does not parse, or fails on a line."""


class CallError(Exception):
    """A function refused its arguments; the engine adds the place."""
