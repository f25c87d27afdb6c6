// Log lines of Loki as a Perses query: in time order, with a limit and whole nanoseconds.

import { parseVariables, replaceVariables } from "@perses-dev/plugin-system";
import { nanoseconds } from "./moment.js";
import { fetch } from "./transport.js";

export const DEFAULT_LIMIT = 200;
const LEAST_STEP = 1;
const MOST_POINTS = 360;
const LEVELS = { err: "error", fatal: "critical", warn: "warning", information: "info", dbug: "debug", trce: "trace" };

// Whether a query returns lines, and not a metric made of lines.
export function asksForLines(query) {
  return query.replace(/#.*$/gm, "").trimStart().startsWith("{");
}

async function ask(context, spec, params) {
  const source = spec.datasource ?? { kind: "LokiDatasource" };
  const client = await context.datasourceStore.getDatasourceClient(source);
  const { start, end } = context.timeRange;
  const query = replaceVariables(spec.query, context.variableState);
  const asked = new URLSearchParams({ query, start: nanoseconds(start), end: nanoseconds(end), ...params });
  const answer = await fetch(`${client.options.datasourceUrl}/loki/api/v1/query_range?${asked}`);
  return (await answer.json()).data;
}

function fieldsOf(line) {
  if (!line.startsWith("{")) return {};
  try {
    const found = JSON.parse(line);
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

function entryOf([nanos, line, attached], labels) {
  const fields = fieldsOf(line);
  const known = { ...labels, ...(attached?.structuredMetadata ?? {}), ...(attached?.parsed ?? {}) };
  const level = String(fields.level ?? known.level ?? known.detected_level ?? "").toLowerCase();
  return { timestamp: Number(nanos) / 1e9, nanos, line, fields, labels: known, level: LEVELS[level] ?? level };
}

// Newest first. Moments are texts of equal length but for the ages before 2001.
function later(left, right) {
  return right.nanos.length - left.nanos.length || (right.nanos > left.nanos ? 1 : right.nanos < left.nanos ? -1 : 0);
}

export async function getLogData(spec, context) {
  const { start, end } = context.timeRange;
  if (!spec.query) return { logs: { entries: [], totalCount: 0 }, timeRange: { start, end } };
  const limit = spec.limit ?? DEFAULT_LIMIT;
  const data = await ask(context, spec, { limit: String(limit), direction: spec.direction ?? "backward" });
  const streams = data.resultType === "streams" ? data.result : [];
  const entries = streams.flatMap(({ stream, values }) => values.map((value) => entryOf(value, stream)));
  entries.sort(later);
  if (spec.direction === "forward") entries.reverse();
  return {
    logs: { entries, totalCount: entries.length },
    timeRange: { start, end },
    metadata: { executedQueryString: spec.query, limited: entries.length >= limit },
  };
}

export async function getTimeSeriesData(spec, context) {
  const { start, end } = context.timeRange;
  const seconds = (end.getTime() - start.getTime()) / 1000;
  const suggested = (context.suggestedStepMs ?? 0) / 1000;
  const step = Math.max(LEAST_STEP, Math.ceil(Math.max(suggested, seconds / MOST_POINTS)));
  if (!spec.query) return { series: [], timeRange: { start, end }, stepMs: step * 1000 };
  const data = await ask(context, spec, { step: `${step}s` });
  const series = (data.resultType === "matrix" ? data.result : []).map(({ metric, values }) => ({
    name: Object.entries(metric).map(([label, value]) => `${label}="${value}"`).join(", ") || "value",
    values: values.map(([at, value]) => [at * 1000, Number(value)]),
    labels: metric,
  }));
  return { series, timeRange: { start, end }, stepMs: step * 1000, metadata: { executedQueryString: spec.query } };
}

const common = {
  createInitialOptions: () => ({ query: "" }),
  dependsOn: (spec) => ({ variables: parseVariables(spec.query) }),
};
export const LokiLogQuery = { ...common, getLogData };
export const LokiTimeSeriesQuery = { ...common, getTimeSeriesData };
