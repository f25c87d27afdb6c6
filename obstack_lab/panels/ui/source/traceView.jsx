// Found traces as a scatter plot and a table; one trace as a waterfall with its spans' attributes.

import { Box, Button } from "@mui/material";
import { HereLinks } from "./metricView.jsx";
import { PanelOf, Result, queryOf } from "./result.jsx";
import { LOGS_OF_SPAN } from "./traces.js";

const TO_TRACE = "/trace?id=${traceId}";
// The names of attributes are variables here, with underscores.
const TO_LOGS = `/logs?span=\${${LOGS_OF_SPAN.replaceAll(".", "_")}}`;

function Found({ results, query }) {
  const known = results.filter((result) => result.data);
  if (known.length === 0) return null;
  if (known.every((result) => (result.data.searchResult ?? []).length === 0)) {
    return <Box sx={{ color: "text.secondary", p: 2 }}>No trace matches in this time.</Box>;
  }
  return (
    <Box sx={{ display: "flex", flexDirection: "column", height: "100%", overflow: "auto" }}>
      <Box sx={{ flex: "none", height: "45%", minHeight: 190 }}>
        <PanelOf kind="ScatterChart" spec={{ link: TO_TRACE }} queries={[query]} />
      </Box>
      <Box sx={{ flex: 1, minHeight: 160 }}>
        <PanelOf kind="TraceTable" spec={{ links: { trace: TO_TRACE } }} queries={[query]} />
      </Box>
    </Box>
  );
}

export function spanTimes(trace) {
  const spans = trace.resourceSpans.flatMap((part) => part.scopeSpans.flatMap((scope) => scope.spans));
  const at = (nanos) => Number(String(nanos).slice(0, -6));
  return [
    Math.min(...spans.map((span) => at(span.startTimeUnixNano))),
    Math.max(...spans.map((span) => at(span.endTimeUnixNano))),
  ];
}

function Waterfall({ results, query, steps, times }) {
  const trace = results.find((result) => result.data?.trace)?.data.trace;
  if (!trace) return null;
  [times.from, times.to] = spanTimes(trace);
  const spec = { links: { trace: TO_TRACE, span: TO_TRACE, attributes: [{ name: LOGS_OF_SPAN, link: TO_LOGS }] } };
  return (
    <Box className="ob-gantt" sx={{ display: "flex", flexDirection: "column", height: "100%" }}>
      <Box sx={{ display: "flex", gap: 1 }}>
        <Button size="small" onClick={() => steps.search()}>To the search</Button>
        <Button size="small" onClick={() => steps.logs(`trace_id="${query.spec.plugin.spec.query}"`, times.from, times.to)}>Logs of this trace</Button>
      </Box>
      <Box sx={{ flex: 1, minHeight: 0, overflow: "auto" }}>
        <PanelOf kind="TracingGanttChart" spec={spec} queries={[query]} />
      </Box>
    </Box>
  );
}

export function TraceView({ view, steps, times }) {
  const one = view.trace !== "";
  const spec = one ? { query: view.trace } : { query: view.queries.traces, limit: view.limits.traces };
  const query = queryOf("TraceQuery", "TempoTraceQuery", spec);
  return (
    <>
      {one ? null : <HereLinks view={view} steps={steps} to={["metrics", "logs"]} />}
      <Result key={view.trace} query={query}>
        {(results) => (one ? <Waterfall results={results} query={query} steps={steps} times={times} /> : <Found results={results} query={query} />)}
      </Result>
    </>
  );
}
