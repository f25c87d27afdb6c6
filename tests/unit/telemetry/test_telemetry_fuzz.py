"""Anything may be sent to the store: no 500, no answer slower than 5 s, no growth of memory.

The generator is seeded, so that a failure comes again. `./lab test` sends some hundreds of inputs;
the long run is

    OBSTACK_FUZZ=200000 ./lab test tests/unit/telemetry/test_telemetry_fuzz.py --timeout=0

`OBSTACK_FUZZ_SEED` chooses other inputs (a number; 1 by default).
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import os
import random
import time
import zlib
from pathlib import Path
from urllib.parse import unquote, urlencode

import pytest

from obstack_lab.telemetry.constructs.catalogue import read
from obstack_lab.telemetry.heap import few_arenas, give_back

COUNT = int(os.environ.get("OBSTACK_FUZZ", "500"))
SEED = int(os.environ.get("OBSTACK_FUZZ_SEED", "1"))
SLOWEST_SECONDS = 5.0
MOST_GROWTH = 120_000_000
WARM = 10_000
"""Inputs before memory is looked at: caches fill first."""

SAMPLE = json.loads(Path(__file__).with_name("construct_sample.json").read_text(encoding="utf-8"))
CORPUS = {
    name: [one.query for one in read(name).constructs] for name in ("LogQL", "TraceQL")
}  # fmt: skip
PIECES = (
    "{", "}", "(", ")", "[", "]", "|", "|=", "!~", "&&", "||", ">>", "~", "=", "by", "without",
    "rate", "sum", "json", "logfmt", "unwrap", "[5m]", "offset -1m", '"', "`", "\\", ".", "..",
    "nil", "1e999", "-0", "99999999999999999999", "0x1p-2", "1h1h", "\x00", "\ud7ff", "é", "💥",
    "{{", "}}", "# x\n", "//", "/*", "with (", "topk(", "(?P<a>", "(a*)*b", "\\pL", "$1", "%",
)  # fmt: skip
LOKI_QUERIES = ("query", "query_range", "tail", "format_query")
LOKI_OTHERS = (
    "labels", "label/app/values", "label/%00/values", "series", "index/stats", "index/volume",
    "index/volume_range", "detected_labels", "patterns", "nowhere",
)  # fmt: skip
TEMPO_QUERIES = (
    "search", "metrics/query_range", "metrics/query", "v2/search/tags", "search/tags",
    "v2/search/tag/.n/values", "v2/traces/0af7651916cd43dd8448eb211c80319c",
)  # fmt: skip
TEMPO_OTHERS = (
    "traces/xyz", "traces/%ff%00", "v2/traces/" + "a" * 40, "v2/search/tag/%7B/values",
    "search/tag/a.b/values", "echo", "status/buildinfo", "v2/search/tag//values", "//search",
)  # fmt: skip
PUSHES = (
    "/loki/api/v1/push", "/otlp/v1/logs", "/v1/logs", "/v1/traces", "/otlp/v1/traces",
)  # fmt: skip
MEDIA = (
    "application/json", "application/x-protobuf", "application/protobuf", "text/plain", "",
    "application/json; charset=utf-16", "multipart/form-data", "application/x-www-form-urlencoded",
    "\x7f", "a/b/c;;;",
)  # fmt: skip
ENCODINGS = ("", "", "", "gzip", "deflate", "snappy", "zstd", "lz4", "br", "nonsense")
METHODS = ("GET", "GET", "GET", "GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD")
NUMBERS = (
    "", "0", "-1", "1", "1e9", "1e400", "NaN", "Inf", "0x10", "9" * 30, "1m", "-5s", "1700000000",
    "1700000000000000000", "2023-11-14T22:13:20Z", "2023-13-45T99:00:00Z", "x", "\x00", "5,5", "٣",
)  # fmt: skip
PARAMETERS = (
    "start", "end", "step", "limit", "time", "since", "interval", "direction", "spss", "exemplars",
    "minDuration", "maxDuration", "tags", "scope", "match[]", "delay_for", "targetLabels",
    "aggregateBy", "match_depth", "maxTagValues", "query", "q",
)  # fmt: skip


class Generator:
    """Makes one request after the other: (method, path, parameters, headers, body)."""

    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311 - it must repeat

    def request(self):
        return self.random.choice((self.query, self.query, self.query, self.push, self.other))()

    def query(self):
        chance = self.random
        loki = chance.random() < 0.5
        text = self.text("LogQL" if loki else "TraceQL")
        path = (
            f"/loki/api/v1/{chance.choice(LOKI_QUERIES)}"
            if loki
            else f"/api/{chance.choice(TEMPO_QUERIES)}"
        )
        given = {"query" if loki else "q": text, "start": SAMPLE["from"], "end": SAMPLE["to"]}
        if chance.random() < 0.4:
            given[chance.choice(PARAMETERS)] = chance.choice(NUMBERS)
        if loki and chance.random() < 0.2:
            return "POST", path, {}, {}, given
        return "GET", path, given, {}, None

    def text(self, language):
        chance = self.random
        kind = chance.random()
        if kind < 0.08:
            return bytes(chance.randbytes(chance.randrange(200))).decode("utf-8", "replace")
        if kind < 0.16:
            return "".join(chance.choice(PIECES) for _ in range(chance.randrange(30)))
        if kind < 0.20:
            return self.deep(language)
        if kind < 0.24:
            return self.regex(language)
        text = chance.choice(CORPUS[language])
        for _ in range(chance.choice((0, 1, 1, 2, 5))):
            text = self.mutated(text, language)
        return text

    def mutated(self, text, language):
        chance = self.random
        begin = chance.randrange(len(text) + 1)
        end = min(len(text), begin + chance.randrange(12))
        return chance.choice((
            lambda: text[:begin] + text[end:],
            lambda: text[:begin] + chance.choice(PIECES) + text[begin:],
            lambda: text[:begin] + chance.choice(PIECES) + text[end:],
            lambda: text[:begin] + text[begin:end] * chance.randrange(2, 40) + text[end:],
            lambda: text[:begin] + chance.choice(CORPUS[language])[chance.randrange(8) :],
            lambda: text[:begin] + str(chance.choice(NUMBERS)) + text[end:],
            lambda: text[:begin] + chr(chance.randrange(0xD7FF)) + text[end:],
        ))()  # fmt: skip

    def deep(self, language):
        chance = self.random
        depth = chance.choice((50, 200, 3_000, 20_000))
        left, inside, right = chance.choice((
            ("(", '{app="shop"}', ")"), ("sum(", 'rate({app="shop"}[5m])', ")"),
            ('{app="shop"} | (', 'a="b"', ")"), ("", "1 + ", "1 + "), ("-", "1", ""),
            ('{app="shop"} |= "', "x", '" or "'), ('{app="shop"} | line_format "', "{{if .a}}", ""),
            ('{app="shop"} | json a="', "b[0]", ".c"),
        ) if language == "LogQL" else (
            ("({", " .a = 1 ", "})"), ("{ ", "(" * 50 + ".a", " }"), ("{ !", ".a", " }"),
            ("{} >> (", "{}", ")"), ("{} | ", "count() > 1", " | {}"), ("{ -", "1 = 1", " }"),
            ("({} | rate()) + ", "1", ""), ("/*", "{}", "*/"),
        ))  # fmt: skip
        return left * depth + inside + right * depth

    def regex(self, language):
        chance = self.random
        size = chance.choice((10, 1_000, 30_000))
        pattern = chance.choice((
            "(a*)*b" * (size // 6), "(" * size, "a{1000}" * (size // 100 + 1), "[" * size,
            "(x+x+)+y" * (size // 100 + 1), "(?i)" + "é|" * size, "((a{0,100}){0,100}){0,100}",
            "\\p{Greek}" * (size // 10), "(?P<n>" * (size // 10), "." * size,
        ))  # fmt: skip
        if language == "TraceQL":
            return f"{{ name =~ `{pattern}` }}"
        return chance.choice((
            f"{{app=~`{pattern}`}}", f'{{app="shop"}} |~ `{pattern}`',
            f'{{app="shop"}} | regexp `{pattern}`', f'{{app="shop"}} | logfmt | err=~`{pattern}`',
        ))  # fmt: skip

    def push(self):
        chance = self.random
        whole = json.dumps(chance.choice((SAMPLE["logs"], SAMPLE["traces"]))).encode()
        body = chance.choice((
            lambda: chance.randbytes(chance.randrange(400)),
            lambda: whole[: chance.randrange(len(whole))],
            lambda: self.bent(whole),
            lambda: b"[" * 20_000,
            lambda: b'{"streams":' * 3_000,
            lambda: b"{}",
            lambda: b"null",
        ))()  # fmt: skip
        encoding = chance.choice(ENCODINGS)
        if encoding == "gzip" and chance.random() < 0.7:
            body = gzip.compress(body)
        elif encoding == "deflate" and chance.random() < 0.7:
            body = zlib.compress(body)
        headers = {"content-type": chance.choice(MEDIA), "content-encoding": encoding}
        return "POST", chance.choice(PUSHES), {}, headers, body

    def bent(self, whole):
        """Put something unlike into a document that was right."""
        chance = self.random
        out = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(out))
            piece = chance.choice(
                (b"null", b"-1", b"[]", b"{}", b'"x"', b"1e400", b"\xff", b"9" * 40)
            )
            out[at : at + chance.randrange(8)] = piece
        return bytes(out)

    def other(self):
        chance = self.random
        loki = chance.random() < 0.5
        others = LOKI_OTHERS if loki else TEMPO_OTHERS
        path = ("/loki/api/v1/" if loki else "/api/") + chance.choice(others)
        given = {
            chance.choice(PARAMETERS): chance.choice((*NUMBERS, *CORPUS["LogQL"][:5]))
            for _ in range(chance.randrange(4))
        }
        return chance.choice(METHODS), path, given, {}, None


def resident():
    """Return the bytes that this process holds, None where the system does not tell."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return None
    gc.collect()
    give_back()  # as the housekeeper does
    return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Wire:
    """Speaks to the application as a server does, without a client that would tidy requests."""

    def __init__(self, app):
        self.app = app
        self.loop = asyncio.new_event_loop()

    def send(self, request):
        """Return the status of the answer; an unhandled error is 500."""
        return self.loop.run_until_complete(self._send(request))

    async def _send(self, request):
        method, path, given, headers, body = request
        if isinstance(body, dict):
            headers = {"content-type": "application/x-www-form-urlencoded"}
            body = urlencode(body, errors="surrogatepass").encode()
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "root_path": "",
            "query_string": urlencode(given, errors="surrogatepass").encode(),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in headers.items() if v],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        statuses = []

        async def receive():
            return {"type": "http.request", "body": body or b"", "more_body": False}

        async def answer(message):
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        try:
            await self.app(scope, receive, answer)
        except Exception:  # noqa: BLE001 - what a server would log and answer with 500
            return 500
        return statuses[0]


@pytest.fixture
def wire(face):
    few_arenas()  # as the store's own process does
    spoken = Wire(face.app)
    yield spoken
    spoken.loop.run_until_complete(spoken.loop.shutdown_default_executor())
    spoken.loop.close()


def test_nothing_that_is_sent_breaks_the_store(wire, face):
    assert face.post("/loki/api/v1/push", json=SAMPLE["logs"]).status_code == 204
    assert face.post("/v1/traces", json=SAMPLE["traces"]).status_code == 200
    generator = Generator(SEED)
    wrong, before = [], None
    for number in range(COUNT):
        request = generator.request()
        began = time.monotonic()
        status = wire.send(request)
        taken = time.monotonic() - began
        if status in (500, 502) or status > 504 or taken > SLOWEST_SECONDS:
            wrong.append((number, status, round(taken, 1), repr(request)[:700]))
        if number == min(WARM, COUNT // 2):
            before = resident()
    after = resident()
    grown = 0 if before is None else after - before
    told = f"seed {SEED}: {len(wrong)} of {COUNT}; memory grew by {grown} bytes"
    assert (wrong, grown < MOST_GROWTH) == ([], True), told
    assert face.get("/ready").status_code == 200


def test_the_same_seed_makes_the_same_inputs():
    one, other = Generator(7), Generator(7)
    assert [one.request() for _ in range(50)] == [other.request() for _ in range(50)]
    assert Generator(8).request() != Generator(7).request()


def test_a_handler_that_fails_would_be_seen(wire, monkeypatch):
    def broken(*_given, **_more):
        raise RuntimeError("broken")

    monkeypatch.setattr("obstack_lab.telemetry.tempo.api.search", broken)
    assert wire.send(("GET", "/api/search", {"q": "{ .a = 1 }"}, {}, None)) == 500


@pytest.mark.parametrize("language", ["LogQL", "TraceQL"])
def test_queries_nested_ever_deeper_are_refused(wire, language):
    generator = Generator(3)
    statuses = set()
    for _ in range(12):
        path = "/loki/api/v1/query_range" if language == "LogQL" else "/api/search"
        name = "query" if language == "LogQL" else "q"
        statuses.add(wire.send(("GET", path, {name: generator.deep(language)}, {}, None)))
    assert statuses <= {200, 400}
    assert 400 in statuses
