// A metric query as a chart or as a table of the last values; a chart's selection leads on.

import { Box, Button, ToggleButton, ToggleButtonGroup } from "@mui/material";
import { rangeText } from "./moment.js";
import { PanelOf, Result, queryOf } from "./result.jsx";

const CHART = {
  legend: { position: "bottom", mode: "list", size: "small" },
  visual: { lineWidth: 1.5, areaOpacity: 0, connectNulls: false, palette: { mode: "categorical" } },
  yAxis: { format: { unit: "decimal", shortValues: true } },
};

export function Chart({ query }) {
  return <PanelOf kind="TimeSeriesChart" spec={CHART} queries={[query]} />;
}

export function HereLinks({ view, steps, to }) {
  const names = { metrics: "Metrics", logs: "Logs", traces: "Traces" };
  return (
    <Box className="ob-here" sx={{ alignItems: "center", color: "text.secondary", display: "flex", flexWrap: "wrap", fontSize: 12, gap: 1 }}>
      <span>{rangeText(view.range)}</span>
      {to.map((signal) => (
        <Button key={signal} size="small" onClick={() => steps.here(signal)}>{`${names[signal]} of this time`}</Button>
      ))}
      {view.range.pastDuration ? null : (
        <Button size="small" onClick={() => steps.range({ pastDuration: "15m" })}>Back to the last 15 minutes</Button>
      )}
    </Box>
  );
}

export function MetricView({ view, steps }) {
  const query = queryOf("TimeSeriesQuery", "PrometheusTimeSeriesQuery", { query: view.queries.metrics });
  const table = view.form === "table";
  return (
    <>
      <Box sx={{ alignItems: "center", display: "flex", gap: 1, justifyContent: "space-between" }}>
        <HereLinks view={view} steps={steps} to={["logs", "traces"]} />
        <ToggleButtonGroup exclusive size="small" value={view.form} onChange={(_, form) => form && steps.form(form)} aria-label="Shown as">
          <ToggleButton value="chart" sx={{ py: 0 }}>Chart</ToggleButton>
          <ToggleButton value="table" sx={{ py: 0 }}>Table</ToggleButton>
        </ToggleButtonGroup>
      </Box>
      <Result key={view.form} query={query} mode={table ? "instant" : "range"}>
        {table ? <PanelOf kind="TimeSeriesTable" queries={[query]} /> : <Chart query={query} />}
      </Result>
    </>
  );
}
