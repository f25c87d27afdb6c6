// Log lines in time order, or the chart of a metric made of lines.

import { Box } from "@mui/material";
import { LogTable } from "./logTable.jsx";
import { asksForLines } from "./logs.js";
import { Chart, HereLinks } from "./metricView.jsx";
import { Result, queryOf } from "./result.jsx";

function Lines({ results, limit }) {
  const known = results.filter((result) => result.data);
  if (known.length === 0) return null;
  const { entries } = known[0].data.logs;
  const note = entries.length >= limit ? `the newest ${entries.length} lines, there are more` : `${entries.length} lines, newest first`;
  return (
    <Box sx={{ display: "flex", flexDirection: "column", height: "100%" }}>
      <Box role="status" sx={{ color: "text.secondary", fontSize: 12, px: 1 }}>{entries.length ? note : ""}</Box>
      <Box sx={{ flex: 1, minHeight: 0 }}><LogTable queryResults={known} /></Box>
    </Box>
  );
}

export function LogView({ view, steps }) {
  const text = view.queries.logs;
  const lines = asksForLines(text);
  const limit = view.limits.logs;
  const query = lines
    ? queryOf("LogQuery", "LokiLogQuery", { query: text, limit })
    : queryOf("TimeSeriesQuery", "LokiTimeSeriesQuery", { query: text });
  return (
    <>
      <HereLinks view={view} steps={steps} to={["metrics", "traces"]} />
      <Result key={lines} query={query}>
        {lines ? (results) => <Lines results={results} limit={limit} /> : <Chart query={query} />}
      </Result>
    </>
  );
}
