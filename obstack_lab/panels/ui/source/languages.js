// PromQL, LogQL and TraceQL for the editor: highlighting, and completion from the lab's own data.

import { LRLanguage, LanguageSupport } from "@codemirror/language";
import { parser as logqlParser } from "@grafana/lezer-logql";
import { parser as traceqlParser } from "@grafana/lezer-traceql";
import { styleTags, tags } from "@lezer/highlight";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import { fetch } from "./transport.js";

const LOG_WORDS = ["json", "logfmt", "pattern", "regexp", "line_format", "label_format", "unwrap", "rate", "count_over_time", "bytes_over_time", "quantile_over_time", "sum by", "topk"];
const TRACE_WORDS = ["resource.", "span.", "duration", "name", "status", "kind", "rootName", "rootServiceName", "traceDuration"];
const TRACE_VALUES = { status: ["error", "ok", "unset"], kind: ["server", "client", "internal", "producer", "consumer"] };

function language(parser, styles) {
  const closeBrackets = { brackets: ["(", "[", "{", '"', "`"] };
  return LRLanguage.define({
    parser: parser.configure({ props: [styleTags(styles)] }),
    languageData: { closeBrackets, commentTokens: { line: "#" } },
  });
}

const logql = language(logqlParser, {
  LineComment: tags.comment,
  Identifier: tags.labelName,
  String: tags.string,
  "Number Duration Bytes": tags.number,
  "RangeOp VectorOp Rate CountOverTime BytesRate BytesOverTime SumOverTime AvgOverTime MaxOverTime MinOverTime QuantileOverTime AbsentOverTime": tags.keyword,
  "Sum Avg Count Max Min Stddev Stdvar Bottomk Topk By Without On Ignoring Bool": tags.keyword,
  "Json Logfmt Unpack Regexp Pattern LineFormat LabelFormat Unwrap Ip": tags.keyword,
  "Pipe PipeExact PipeMatch PipePattern Nre Neq Npa Eq Re": tags.operator,
  "⚠": tags.invalid,
});
const traceql = language(traceqlParser, {
  LineComment: tags.comment,
  "Parent Resource Span Identifier IntrinsicField": tags.labelName,
  String: tags.string,
  "Integer Float Duration": tags.number,
  Static: tags.literal,
  "Aggregate AggregateExpression": tags.function(tags.keyword),
  "⚠": tags.invalid,
});

function asker(address) {
  return async (path) => {
    try {
      return await (await fetch(`${address}${path}`)).json();
    } catch {
      return {}; // without an answer there is nothing to complete: typing goes on
    }
  };
}

function offer(context, typed, labels, type, validFor) {
  return { from: context.pos - typed.length, options: labels.map((label) => ({ label, type })), validFor };
}

function logCompletion(get) {
  return async (context) => {
    const before = context.state.sliceDoc(0, context.pos);
    const value = /([\w.]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(before);
    if (value) {
      const found = await get(`/loki/api/v1/label/${encodeURIComponent(value[1])}/values`);
      return offer(context, value[2], found.data ?? [], "text", /^[^"]*$/);
    }
    const label = /[{,]\s*(\w*)$/.exec(before);
    if (label) return offer(context, label[1], (await get("/loki/api/v1/labels")).data ?? [], "property", /^\w*$/);
    const word = /(\w+)$/.exec(before);
    return word ? offer(context, word[1], LOG_WORDS, "keyword", /^\w*$/) : null;
  };
}

function traceCompletion(get) {
  return async (context) => {
    const before = context.state.sliceDoc(0, context.pos);
    const value = /((?:resource|span)?\.[\w.]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(before);
    if (value) {
      const found = await get(`/api/v2/search/tag/${encodeURIComponent(value[1])}/values`);
      return offer(context, value[2], (found.tagValues ?? []).map((tag) => String(tag.value)), "text", /^[^"]*$/);
    }
    const tag = /\b(resource|span)\.([\w.]*)$/.exec(before);
    if (tag) {
      const found = await get(`/api/v2/search/tags?scope=${tag[1]}`);
      return offer(context, tag[2], (found.scopes ?? []).flatMap((scope) => scope.tags ?? []), "property", /^[\w.]*$/);
    }
    const plain = /\b(status|kind)\s*!?=\s*(\w*)$/.exec(before);
    if (plain) return offer(context, plain[2], TRACE_VALUES[plain[1]], "enum", /^\w*$/);
    const word = /[{&|(]\s*(\w*)$/.exec(before);
    return word ? offer(context, word[1], TRACE_WORDS, "keyword", /^[\w.]*$/) : null;
  };
}

function promql(transport) {
  const remote = { url: transport.address("prometheus"), httpMethod: "GET", fetchFn: fetch };
  return new PromQLExtension().setComplete({ remote }).asExtension();
}

export function extensionFor(signal, transport) {
  if (signal === "metrics") return promql(transport);
  const [own, completion, backend] =
    signal === "logs" ? [logql, logCompletion, "loki"] : [traceql, traceCompletion, "tempo"];
  const autocomplete = completion(asker(transport.address(backend)));
  return new LanguageSupport(own, [own.data.of({ autocomplete })]);
}
