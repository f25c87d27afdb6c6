// Traces of Tempo as a Perses query: ids as the rest of the lab writes them, all kinds of values.

import { parseVariables } from "@perses-dev/plugin-system";
import { getTraceData as getPersesTraceData } from "@perses-dev/tempo-plugin/lib/plugins/tempo-trace-query/get-trace-data";

const TRACE_ID_LENGTH = 32;
export const LOGS_OF_SPAN = "span.logs";

// Perses' waterfall knows texts, whole numbers, booleans and lists of them.
function plain(value) {
  if (!value) return { stringValue: "" };
  if ("doubleValue" in value) return { stringValue: String(value.doubleValue) };
  if ("bytesValue" in value) return { stringValue: String(value.bytesValue) };
  if ("arrayValue" in value) return { arrayValue: { values: (value.arrayValue.values ?? []).map(plain) } };
  if ("kvlistValue" in value) return { stringValue: JSON.stringify(value.kvlistValue.values ?? []) };
  return "intValue" in value ? { intValue: String(value.intValue) } : value;
}

function plainAttributes(attributes) {
  return (attributes ?? []).map(({ key, value }) => ({ key, value: plain(value) }));
}

function plainSpan(span) {
  const spanId = span.spanId.toLowerCase();
  return {
    ...span,
    spanId,
    traceId: span.traceId.toLowerCase(),
    parentSpanId: span.parentSpanId?.toLowerCase(),
    attributes: [...plainAttributes(span.attributes), { key: LOGS_OF_SPAN, value: { stringValue: spanId } }],
    events: (span.events ?? []).map((event) => ({ ...event, attributes: plainAttributes(event.attributes) })),
    links: (span.links ?? []).map((link) => ({
      ...link,
      traceId: link.traceId.toLowerCase(),
      spanId: link.spanId.toLowerCase(),
      attributes: plainAttributes(link.attributes),
    })),
  };
}

function plainTrace(trace) {
  return {
    ...trace,
    resourceSpans: trace.resourceSpans.map((part) => ({
      ...part,
      resource: { ...part.resource, attributes: plainAttributes(part.resource?.attributes) },
      scopeSpans: part.scopeSpans.map((scope) => ({ ...scope, spans: scope.spans.map(plainSpan) })),
    })),
  };
}

// Tempo leaves the zeros out that an id begins with; a link needs them.
function whole(found) {
  return { ...found, traceId: found.traceId.toLowerCase().padStart(TRACE_ID_LENGTH, "0") };
}

async function getTraceData(spec, context) {
  const data = await getPersesTraceData(spec, context);
  if (data.trace) return { ...data, trace: plainTrace(data.trace) };
  return { ...data, searchResult: (data.searchResult ?? []).map(whole) };
}

export const TempoTraceQuery = {
  getTraceData,
  createInitialOptions: () => ({ query: "", limit: 20 }),
  dependsOn: (spec) => ({ variables: parseVariables(spec.query) }),
};
