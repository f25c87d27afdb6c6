"""Spans and traces as the evaluator sees them, with their place in the tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from obstack_lab.telemetry.traceql.static import Kind, Status, Value

ROOT_PARENT = -1
NO_ROOT = "<root span not yet received>"


@dataclass(slots=True)
class Resource:
    """Who made the spans; shared by many of them."""

    attributes: dict[str, Value]
    service: str = ""


@dataclass(slots=True)
class Instrumentation:
    """Which library made the spans; shared by many of them."""

    name: str = ""
    version: str = ""
    attributes: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class Event:
    """Something that happened within a span."""

    name: str
    since_start: int
    attributes: dict[str, Value]


@dataclass(slots=True)
class Link:
    """A reference to another span; ids as hexadecimal digits."""

    trace_id: str
    span_id: str
    attributes: dict[str, Value]


@dataclass(slots=True, eq=False)
class Span:
    """One span; ids are hexadecimal digits, times nanoseconds."""

    span_id: str
    parent_id: str
    name: str
    kind: Kind
    status: Status
    status_message: str
    start: int
    duration: int
    attributes: dict[str, Value]
    resource: Resource
    instrumentation: Instrumentation
    trace: Trace
    events: list[Event] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    left: int = 0
    right: int = 0
    parent: int = 0
    children: int = 0
    position: int = 0
    """Where the store keeps it."""


@dataclass(slots=True, eq=False)
class Trace:
    """All known spans of one trace id; `arrange` finds the root and numbers the tree."""

    trace_id: str
    spans: list[Span] = field(default_factory=list)
    root: Span | None = None
    start: int = 0
    end: int = 0

    @property
    def duration(self) -> int:
        """Return the time from the first start to the last end."""
        return self.end - self.start

    @property
    def root_name(self) -> str:
        """Return the root's name, as queries see it."""
        return self.root.name if self.root is not None else ""

    @property
    def root_service(self) -> str:
        """Return the root's service, as queries see it."""
        return self.root.resource.service if self.root is not None else ""

    def arrange(self, *, tree: bool = True) -> None:
        """Find the root and, where the tree matters, number it as nested sets."""
        self.start = min(span.start for span in self.spans)
        self.end = max(span.start + span.duration for span in self.spans)
        if not tree:
            self.root = next((span for span in self.spans if not span.parent_id), None)
            return
        children: dict[str, list[Span]] = {}
        roots: list[Span] = []
        for span in self.spans:
            if span.parent_id:
                children.setdefault(span.parent_id, []).append(span)
            else:
                roots.append(span)
        for span in self.spans:
            span.children = len(children.get(span.span_id, ()))
        if roots:
            self.root = roots[0]
            self._number(roots, children)

    def _number(self, roots: list[Span], children: dict[str, list[Span]]) -> None:
        """Give each span its numbers, depth first without recursion; a cycle is entered once."""
        counter = 1
        seen: set[str] = set()
        for root in roots:
            root.parent = ROOT_PARENT
            root.left = counter
            counter += 1
            seen.add(root.span_id)
            path = [(root, iter(children.get(root.span_id, ())))]
            while path:
                span, rest = path[-1]
                child = next(rest, None)
                if child is None:
                    span.right = counter
                    counter += 1
                    path.pop()
                    continue
                child.parent = span.left
                child.left = counter
                counter += 1
                fresh = child.span_id not in seen
                seen.add(child.span_id)
                path.append((child, iter(children.get(child.span_id, ()) if fresh else ())))
