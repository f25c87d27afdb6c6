"""Makes LogQL requests from a seed: pipelines, metrics, binary operations, and texts gone wrong."""

from __future__ import annotations

import random

SPAN = 1_200
"""How many seconds of data there are."""
SELECTORS = (
    '{app="web"}', '{app="web", pod="web-0"}', '{app="shop"}', '{app="odd"}', '{app="meta"}',
    '{env="prod"}', '{app=~"web|shop"}', '{app=~".+", env!="prod"}', '{app!~"w.*", env="prod"}',
    '{job="db"}', '{app="", job=~".+"}', '{service_name="web"}', '{app=~"sh.p", pod!=""}',
)  # fmt: skip
LINE_FILTERS = (
    '|= "error"', '!= "info"', '|~ "4[0-9]{2}"', '!~ "(?i)WARN"', '|= "a" or "took"', "|= ``",
    '|~ "time(out)?" |= "e"', '!= "x" or "debug"', '|= ip("10.0.0.0/8")', '!= ip("10.1.0.1")',
    '|= ip("10.0.0.1-10.0.0.9")', '|> "<_>level=<_>"', '!> "<_> took=<_>ms<_>"', "|~ `^\\{`",
    '!~ "\\\\d{5}"', '|~ "(?s)a.b"', '!~ "a|b" or "c"', '|> "<_>err<_>" or "{<_>"', '|= "é"',
    '|~ "[[:alpha:]]+=[0-9]+"', '|~ "(?:GET|POST) /"', '!= ""', '|~ "\\\\bid\\\\b"',
)  # fmt: skip
PARSERS = (
    "| json", "| logfmt", "| json status, path", '| json s="status", a="user.id", t="tags[0]"',
    "| logfmt --strict", "| logfmt --keep-empty", "| logfmt level, took",
    '| logfmt l="level", t="took", x="absent"',
    '| json deep="a.b.c", all="user", odd="[\\"x y\\"]"',
    "| regexp `(?P<verb>GET|POST) (?P<path>\\S+)`",
    '| pattern `<ip> - <_> "<verb> <path>" <rest>`', "| pattern `<first> <rest>`", "| unpack",
    "| json | logfmt", "| logfmt | json", '| regexp "(?P<level>\\\\w+)=(?P<second>\\\\S*)"',
    "| logfmt --strict --keep-empty", "| json | unpack", "| logfmt --strict took, amount",
    '| json level="level", app="app"',
)  # fmt: skip
LABELS = (
    "level", "status", "path", "took", "amount", "user_id", "detected_level", "app", "size", "n",
    "trace_id", "verb", "missing", "pod", "duration", "ok", "__error__", "level_extracted", "err",
    "region", "service_name", "bytes",
)  # fmt: skip
LABEL_FILTERS = (
    'level="error"', 'level!="info"', 'level=~"err.*|warn"', "status >= 400", "status = 200",
    "status == 500", "status != 404", "took > 100ms", "took <= 1s", "size > 1KB", "size < 5MiB",
    "amount > 20.5", '__error__=""', '__error__!=""', '__error__=~".+"', 'path=~"/api.*"',
    'ip=ip("10.0.0.0/16")', 'missing=""', 'missing!="x"', 'detected_level="error"',
    '(level="error" or status >= 500) and path!=""', 'level="warn", status > 100',
    "duration > 1ms or took > 1ms", 'user_id=~"u[0-4]"', "n > 3", "n < -1", 'level!~"debug|info"',
    'region="eu"', 'app="web"', "(n > 1 and n < 9) or took > 1h", 'client!=ip("10.0.0.1")',
    "status > 1e2", "took >= 1.5s", 'trace_id=~".*7"', 'level="INFO" or level="info"',
)  # fmt: skip
TEMPLATES = (
    "{{.level}} {{.status}}", "{{ .path | ToUpper }}", '{{ default "none" .missing }}',
    "{{ __line__ | trunc 20 }}", "{{ if .err }}E:{{ .err }}{{ else }}ok{{ end }}",
    '{{ .amount | float64 | mulf 2 | printf "%.3f" }}', "{{ range $i, $e := .x }}{{ end }}",
    '{{ __timestamp__ | date "2006-01-02T15:04:05.000Z07:00" }}', "{{ .n | int | add 5 }}",
    '{{ .path | replace "/" "-" | trimPrefix "-" }}', "{{ len .level }}",
    '{{ eq .level "error" }}', '{{ regexReplaceAll "(a)(p)" .path "${2}${1}" }}',
    "{{ .took | duration_seconds }}", '{{ printf "%-8s|%5s" .level .status }}',
    "{{ .size | bytes }}", "{{ .level | title }}", "{{ fromJson .user }}",
    '{{ if and (hasPrefix "/api" .path) (gt (len .path) 5) }}y{{ end }}', "{{ .level | b64enc }}",
    "{{ .path | urlencode }}", "{{ substr 0 3 .path }}", "{{ add 1 2 3 }}",
    '{{ contains "a" .path }} {{ .path | count "a" }}', "{{ .level | upper | lower | repeat 2 }}",
    "{{ with .status }}[{{ . }}]{{ end }}", "{{ .n | int64 | mod 3 }}", "{{ div 7 2 }}",
    '{{ unixToTime "1679577215" | date "15:04" }}', "{{ round 3.456 2 }}", "{{ .a.b }}",
    "{{ . }}", "{{ $x := .level }}{{ $x | quote }}", "{{ .n | float64 | ceil }} {{ max 1 2 }}",
    "lit", '{{ split "," "a,b" }}',
    '{{ trimAll "/" .path }} {{ .path | trimSuffix "s" | sha256sum }}',
    "{{ indent 2 .level }}{{ nindent 1 .level }}", '{{ index (fromJson "[1,2]") 1 }}',
    '{{ .level | regexReplaceAllLiteral "r" "$1" }}', '{{ ne .level "x" | not }}',
    "{{ alignLeft 6 .level }}|{{ alignRight 4 .status }}", '{{ lt 1 2 }} {{ ge .n "3" }}',
)  # fmt: skip
FORMATS = (
    "level=status", 'kind="{{.level}}-{{.status}}"', "a=path, b=level", 'level="x"', "x=missing",
    'app="{{.app}}!"', 'took="{{.took}}", lvl=level', "detected_level=level", 'empty=""',
    "level=`{{ .level | ToUpper }}`, s2=status", "status=status", 'new="{{ .a.b }}"',
)  # fmt: skip
CHOICES = (
    "drop level", "drop level, status", 'drop level="error"', "drop __error__, __error_details__",
    "keep level", "keep level, status, path", 'keep level=~"e.*", app', "drop app",
    "keep missing", 'drop path!~"/api.*"', "drop detected_level", "keep __error__",
    "drop pod, env",
)  # fmt: skip
UNWRAPS = (
    "unwrap status", "unwrap n", "unwrap amount", "unwrap duration(took)", "unwrap bytes(size)",
    "unwrap duration_seconds(took)", "unwrap user_id", "unwrap missing", "unwrap bytes",
)  # fmt: skip
COUNTED = ("count_over_time", "rate", "bytes_over_time", "bytes_rate", "absent_over_time")
UNWRAPPED = (
    "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "stddev_over_time",
    "stdvar_over_time", "first_over_time", "last_over_time", "rate", "rate_counter",
    "quantile_over_time", "absent_over_time",
)  # fmt: skip
GROUPED = frozenset(UNWRAPPED[1:8]) | {"quantile_over_time"}
VECTORS = ("sum", "avg", "min", "max", "count", "stddev", "stdvar")
COMPARISONS = ("==", "!=", ">", ">=", "<", "<=")
RANGES = ("30s", "1m", "90s", "2m", "5m", "1m30s", "20s", "7s", "1h", "0.5m", "1d")
STEPS = ("10", "15s", "20", "30", "1m", "45s", "60", "7", "13s", "2m", "0.5m")
SIGNS = (
    "|", "|=", "{", "}", "(", ")", '"', "`", "=", "!=", "=~", "[5m]", "[", "]", "by", "and", "or",
    "json", "unwrap", "sum", "rate", ",", ".", "1", "1h", "5KB", "ip(", "bool", "on", "offset",
    "-", "--strict", "#", "\\", "é", "<", "==", " ", "without ()", "group_left", "unless", "|>",
    "topk(", "vector(1)", "label_replace(", "__error__", "drop", "$", "@", "0x1F", "1e3", "\t",
)  # fmt: skip


class LogqlQueries:
    """One request after the other over data that begins at `base`; the same seed, the same ones."""

    def __init__(self, seed: int, base: int) -> None:
        self.base = base
        self.random = random.Random(seed)  # noqa: S311 - it must repeat

    def case(self) -> tuple[str, dict[str, str]]:
        """Return address and parameters."""
        kind = self.random.random()
        if kind < 0.34:
            return self._range(self.logs(), limit=True)
        if kind < 0.66:
            return self._any(self.metric())
        if kind < 0.78:
            return self._any(self.binary())
        if kind < 0.93:
            return self._any(self.mutated())
        return self.index()

    def _any(self, query: str) -> tuple[str, dict[str, str]]:
        if self.random.random() < 0.5:
            moment = self.base + self.random.randrange(0, SPAN, 20)
            return "query", {"query": query, "time": f"{moment}000000000"}
        return self._range(query, limit=False)

    def _range(self, query: str, *, limit: bool) -> tuple[str, dict[str, str]]:
        chance = self.random
        start = self.base + chance.randrange(0, SPAN - 60, 10)
        end = min(start + chance.choice((30, 60, 180, 300, 600)), self.base + SPAN)
        given = {"query": query, "start": f"{start}000000000", "end": f"{end}000000000"}
        if limit:
            given["limit"] = chance.choice(("5", "10", "20", "50", "200"))
            if chance.random() < 0.4:
                given["direction"] = "forward"
            if chance.random() < 0.1:
                given["interval"] = chance.choice(("5s", "10", "1m"))
        elif chance.random() < 0.8:
            given["step"] = chance.choice(STEPS)
        return "query_range", given

    def index(self) -> tuple[str, dict[str, str]]:
        """Return a request of the label browser's."""
        chance = self.random
        start = self.base + chance.randrange(0, SPAN - 300, 100)
        end = start + chance.choice((100, 300, 900))
        given = {"start": f"{start}000000000", "end": f"{end}000000000"}
        path = chance.choice((
            "labels", "label/app/values", "label/pod/values", "label/nowhere/values", "series",
            "index/volume", "index/volume_range", "format_query", "detected_labels",
        ))  # fmt: skip
        selector = chance.choice((*SELECTORS, '{app="none"}', "{}"))
        if path == "series":
            given["match[]"] = selector
        elif path == "format_query":
            given = {"query": chance.choice((self.metric, self.binary, self.logs))()}
        elif path.startswith("index") or chance.random() < 0.6:
            given["query"] = selector
        if path.startswith("index"):
            if chance.random() < 0.4:
                given["targetLabels"] = chance.choice(("app", "env,pod", "nowhere", "job"))
            if chance.random() < 0.3:
                given["aggregateBy"] = chance.choice(("labels", "series"))
            if chance.random() < 0.2:
                given["limit"] = "2"
        if path == "index/volume_range":
            given["step"] = chance.choice(("60", "300", "100s"))
        return path, given

    def logs(self) -> str:
        """Return a log query."""
        chance = self.random
        parts = [chance.choice(SELECTORS)]
        parts += [chance.choice(LINE_FILTERS) for _ in range(chance.choice((0, 0, 1, 1, 2)))]
        for _ in range(chance.choice((0, 1, 1, 2, 3, 4))):
            parts.append(self.stage())
        return " ".join(parts)

    def stage(self) -> str:  # noqa: PLR0911 - one return a kind
        """Return one stage of a pipeline."""
        chance = self.random
        kind = chance.random()
        if kind < 0.35:
            return chance.choice(PARSERS)
        if kind < 0.6:
            return f"| {chance.choice(LABEL_FILTERS)}"
        if kind < 0.75:
            return f"| line_format `{self.template()}`"
        if kind < 0.83:
            return f"| label_format {chance.choice(FORMATS)}"
        if kind < 0.92:
            return f"| {chance.choice(CHOICES)}"
        if kind < 0.95:
            return "| decolorize"
        return chance.choice(LINE_FILTERS)

    def template(self) -> str:
        """Return a line's template."""
        chance = self.random
        count = chance.choice((1, 1, 2))
        return chance.choice((" ", "|", "")).join(chance.choice(TEMPLATES) for _ in range(count))

    def extent(self, *, unwrapped: bool) -> str:
        """Return what stands in a range aggregation's parentheses."""
        chance = self.random
        parts = [chance.choice(SELECTORS)]
        parts += [chance.choice(LINE_FILTERS) for _ in range(chance.choice((0, 0, 1)))]
        parts += [chance.choice(PARSERS)] if unwrapped or chance.random() < 0.6 else []
        parts += [self.stage() for _ in range(chance.choice((0, 0, 1, 1, 2)))]
        if unwrapped:
            parts.append(f"| {chance.choice(UNWRAPS)}")
            if chance.random() < 0.3:
                parts.append(f"| {chance.choice(LABEL_FILTERS)}")
        if chance.random() < 0.8:
            parts.append('| __error__=""')
        text = f"{' '.join(parts)} [{chance.choice(RANGES)}]"
        if chance.random() < 0.2:
            text += chance.choice((" offset 1m", " offset -30s", " offset 10s"))
        return text

    def grouping(self) -> str:
        """Return `by (…)` or `without (…)`."""
        names = self.random.sample(LABELS, self.random.choice((0, 1, 1, 2, 3)))
        return f" {self.random.choice(('by', 'by', 'by', 'without'))} ({', '.join(names)})"

    def leaf(self) -> str:
        """Return a range aggregation."""
        chance = self.random
        if chance.random() < 0.5:
            return f"{chance.choice(COUNTED)}({self.extent(unwrapped=False)})"
        op = chance.choice(UNWRAPPED)
        inside = self.extent(unwrapped=True)
        if op == "quantile_over_time":
            inside = f"{chance.choice(('0.5', '0.99', '0', '1', '.9', '1.5', '-1'))}, {inside}"
        text = f"{op}({inside})"
        if op in GROUPED and chance.random() < 0.5:
            text += self.grouping()
        return text

    def metric(self) -> str:
        """Return a metric query."""
        chance = self.random
        text = self.leaf()
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            kind = chance.random()
            if kind < 0.65:
                op, group = chance.choice(VECTORS), self.grouping()
                text = f"{op}({text}){group}" if chance.random() < 0.4 else f"{op}{group} ({text})"
            elif kind < 0.78:
                group = self.grouping() if chance.random() < 0.3 else ""
                op, count = chance.choice(("topk", "bottomk")), chance.randrange(1, 5)
                text = f"{op}{group} ({count}, {text})"
            elif kind < 0.86:
                text = f"{chance.choice(('sort', 'sort_desc'))}({text})"
            elif kind < 0.93:
                text = f'label_replace({text}, "n", "$1-$2", "app", "(.)(.*)")'
            else:
                number = chance.choice(("2", "0.5", "-1", "0", "1e3"))
                text = f"{text} {chance.choice('+-*/%^')} {number}"
        return text

    def binary(self) -> str:
        """Return a binary operation."""
        chance = self.random
        by = chance.choice((" by (app)", " by (app, level)", " by (env)", "", " by (pod)"))
        left, right = (f"sum{by} ({self.leaf()})" for _ in range(2))
        kind = chance.random()
        if kind < 0.1:
            return (
                f"{chance.choice(('1', '2.5', '-3', 'vector(2)'))} {chance.choice('+-*/%^')} {left}"
            )
        if kind < 0.2:
            op = f"{chance.choice(COMPARISONS)} {chance.choice(('', 'bool '))}"
            return f"({left}) {op}{chance.randrange(20)}"
        if kind < 0.3:
            literal = chance.choice(
                ("1 + 2 * 3", "2 ^ 3 ^ 2", "10 % 4 / 2", "1 > bool 2", "-2 ^ 2")
            )
            return f"{literal} + {left}" if chance.random() < 0.5 else literal
        if kind < 0.45:
            return f"{left} {chance.choice(('and', 'or', 'unless'))} {right}"
        matching = chance.choice((
            "", "on(app) ", "ignoring(level) ", "on() ", "on(app) group_left ",
            "on(env) group_right ", "ignoring(level, pod) group_left(region) ",
            "on(app) group_left() ", "on(level) group_right(app) ",
        ))  # fmt: skip
        if chance.random() < 0.3:
            op = f"{chance.choice(COMPARISONS)} {chance.choice(('', 'bool '))}"
        else:
            op = chance.choice("+-*/%^") + " "
        return f"{left} {op}{matching}{right}"

    def mutated(self) -> str:
        """Return a query with something wrong in it, most of the time."""
        chance = self.random
        text = chance.choice((self.logs, self.metric, self.binary))()
        for _ in range(chance.choice((1, 1, 1, 2))):
            begin = chance.randrange(len(text) + 1)
            end = min(len(text), begin + chance.choice((0, 1, 1, 2, 5, 12)))
            kind = chance.random()
            if kind < 0.3:
                text = text[:begin] + text[end:]
            elif kind < 0.6:
                text = text[:begin] + chance.choice(SIGNS) + text[begin:]
            elif kind < 0.75:
                text = text[:begin] + chance.choice(SIGNS) + text[end:]
            elif kind < 0.9:
                text = text[:begin]
            else:
                text = text[:begin] + text[begin:end] * 2 + text[end:]
        return text
