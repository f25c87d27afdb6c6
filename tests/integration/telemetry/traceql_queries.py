"""Makes TraceQL requests from a seed: filters, structures, pipelines, series, tags, wrong texts."""

from __future__ import annotations

import random

ATOMS = (
    "status = error", "status != ok", "kind = server", "kind != client", "duration > 20ms",
    "duration <= 5ms", 'name = "GET"', 'name =~ "POST.*"', 'name !~ ".*a.*"',
    "traceDuration > 50ms", 'rootName = "GET /cart"', 'rootServiceName != "gateway"',
    'resource.service.name = "orders"', 'resource.region = "eu"', ".n > 3", "span.n = 2",
    ".n != 1", ".share < 0.5", ".share >= 1.0", ".ok", ".ok = false", "span.ok != true",
    '.path =~ "/a.*"', '.path != "/b"', ".missing = nil", "span.n != nil",
    "resource.missing = nil", "span.http.response.status_code >= 400", 'event:name = "exception"',
    'event.exception.type = "Declined"', "event:timeSinceStart < 5ms", 'link.kind = "retry"',
    'instrumentation:name = "lib-http"', 'instrumentation.lang = "py"', "span:childCount > 1",
    "nestedSetParent < 0", "nestedSetLeft > 2", '.tags = "b"', ".list = 2",
    'statusMessage = "declined"', "span.n + 1 > 4", "span.n * 2 = 4", "duration / 2 > 10ms",
    'span.http.url =~ ".*q=.*"', ".n = .m", ".n < .share", ".mixed = 1", '.mixed = "1"',
    "!(kind = server)", "!.ok", '.region = "eu"', "trace:duration >= 10ms", ".mixed > 0.5",
    'span:name = "pay"', "span:status = error", 'instrumentation:version = ""',
)  # fmt: skip
RELATIONS = (
    "&&", "||", ">", "<", ">>", "<<", "~", "!>", "!<", "!>>", "!<<", "!~", "&>", "&<", "&>>",
    "&<<", "&~",
)  # fmt: skip
FIELDS = (
    "name", "kind", "status", "resource.service.name", ".n", "span.path", ".region", "rootName",
    ".ok", "span.http.response.status_code", ".missing", "event:name", "span:childCount",
    ".share", "instrumentation:name", "statusMessage", ".mixed", "span:parentID", ".tags",
)  # fmt: skip
NUMBERS = ("duration", ".n", "span.share", "traceDuration", ".missing", "span:childCount", ".mixed")
AGGREGATES = ("avg", "min", "max", "sum")
FUNCTIONS = (
    "rate()", "count_over_time()", "min_over_time({f})", "max_over_time({f})",
    "sum_over_time({f})", "avg_over_time({f})", "quantile_over_time({f}, .5, .9)",
    "histogram_over_time({f})",
)  # fmt: skip
SIGNS = (
    "{", "}", "(", ")", "|", "&&", "||", "=", "!=", ">", ">>", "~", "nil", ".a", "span.", '"',
    "`", "1", "1ms", "true", "by(", "count()", "rate()", ",", "status", "event:", "!", "-", "é",
    "with", "select(", "topk(2)", "$", "//", " ", "1.5", "=~", "resource.", "avg(", "coalesce()",
    "by()",
)  # fmt: skip
TAGS = (
    "resource.service.name", ".n", "span.path", "name", "status", "kind", "rootName", ".region",
    "span.ok", "event:name", "event.exception.type", "instrumentation:name", "statusMessage",
    ".mixed", "span.http.response.status_code", ".share", "link.kind", "span:childCount",
    ".missing", ".tags",
)  # fmt: skip


class TraceqlQueries:
    """One request after the other over a window in seconds; the same seed, the same ones."""

    def __init__(self, seed: int, window: tuple[int, int]) -> None:
        self.random = random.Random(seed)  # noqa: S311 - it must repeat
        self.window = {"start": str(window[0]), "end": str(window[1])}

    def case(self) -> tuple[str, dict[str, str]]:
        """Return address and parameters."""
        chance = self.random
        kind = chance.random()
        if kind < 0.55:
            return "search", self.window | {"q": self.pipeline(), "limit": "2000", "spss": "100"}
        if kind < 0.75:
            return self._metrics(self.metric())
        if kind < 0.87:
            if chance.random() < 0.4:
                return self._metrics(self.mutated(self.metric()))
            return "search", self.window | {"q": self.mutated(self.pipeline()), "limit": "2000"}
        given = dict(self.window)
        if chance.random() < 0.7:
            given["q"] = f"{{ {self.expression(1)} }}"
        if chance.random() < 0.4:
            return "v2/search/tags", given
        return f"v2/search/tag/{chance.choice(TAGS)}/values", given

    def _metrics(self, query: str) -> tuple[str, dict[str, str]]:
        if self.random.random() < 0.3:
            return "metrics/query", self.window | {"q": query}
        step = self.random.choice(("10s", "30s", "60", "45s"))
        return "metrics/query_range", self.window | {"q": query, "step": step, "exemplars": "1"}

    def expression(self, depth: int = 2) -> str:
        """Return what stands in braces."""
        chance = self.random
        if depth == 0 or chance.random() < 0.45:
            return chance.choice(ATOMS)
        left, right = self.expression(depth - 1), self.expression(depth - 1)
        text = f"{left} {chance.choice(('&&', '||'))} {right}"
        return f"({text})" if chance.random() < 0.3 else text

    def spansets(self) -> str:
        """Return a filter or several related ones."""
        chance = self.random
        text = f"{{ {self.expression()} }}"
        for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
            text = f"{text} {chance.choice(RELATIONS)} {{ {self.expression(1)} }}"
            if chance.random() < 0.2:
                text = f"({text})"
        return text

    def pipeline(self) -> str:
        """Return a search."""
        chance = self.random
        text = self.spansets()
        for _ in range(chance.choice((0, 0, 1, 1, 2))):
            text += f" | {self.stage()}"
        return text

    def stage(self) -> str:
        """Return a stage after the first."""
        chance = self.random
        kind = chance.random()
        if kind < 0.25:
            return f"count() {chance.choice(('>', '=', '<', '>=', '!='))} {chance.randrange(5)}"
        if kind < 0.5:
            number = chance.choice(("10ms", "1", "0", "2.5", "100ms"))
            field = chance.choice(NUMBERS)
            return (
                f"{chance.choice(AGGREGATES)}({field}) {chance.choice(('>', '<', '>='))} {number}"
            )
        if kind < 0.7:
            return f"select({', '.join(chance.sample(FIELDS, chance.randrange(1, 4)))})"
        if kind < 0.85:
            return f"by({chance.choice(FIELDS)})"
        if kind < 0.93:
            return f"{{ {self.expression(1)} }}"
        return "coalesce()"

    def metric(self) -> str:
        """Return a metrics query."""
        chance = self.random
        text = f"{self.spansets()} | {chance.choice(FUNCTIONS).format(f=chance.choice(NUMBERS))}"
        if chance.random() < 0.5:
            text += f" by ({', '.join(chance.sample(FIELDS, chance.choice((1, 1, 2))))})"
        kind = chance.random()
        if kind < 0.15:
            return f"{text} | {chance.choice(('topk', 'bottomk'))}({chance.randrange(1, 4)})"
        if kind < 0.3:
            return f"{text} {chance.choice(('>', '<', '!='))} {chance.choice(('1', '0.05', '3'))}"
        if kind < 0.4:
            return f"({text}) {chance.choice('+-*/')} {chance.choice(('2', '(' + text + ')'))}"
        return text

    def mutated(self, text: str) -> str:
        """Return a query with something wrong in it, most of the time."""
        chance = self.random
        begin = chance.randrange(len(text) + 1)
        end = min(len(text), begin + chance.choice((0, 1, 2, 5, 12)))
        kind = chance.random()
        if kind < 0.3:
            return text[:begin] + text[end:]
        if kind < 0.7:
            return text[:begin] + chance.choice(SIGNS) + text[begin:]
        return text[:begin] if kind < 0.85 else text[:begin] + chance.choice(SIGNS) + text[end:]
