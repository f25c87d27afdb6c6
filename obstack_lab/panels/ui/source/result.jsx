// One panel of Perses with the answer of its queries, or what went wrong with them.

import { Box } from "@mui/material";
import { ErrorBoundary } from "@perses-dev/components";
import { Panel } from "@perses-dev/dashboards";
import { DataQueriesProvider, useDataQueries, useSuggestedStepMs } from "@perses-dev/plugin-system";
import useResizeObserver from "use-resize-observer";
import { Fault } from "./fault.jsx";

const WIDTH_STEP = 200;

export function queryOf(type, kind, spec) {
  return { kind: type, spec: { plugin: { kind, spec } } };
}

export function PanelOf({ kind, spec = {}, queries, sx }) {
  const definition = { kind: "Panel", spec: { queries, display: { name: "" }, plugin: { kind, spec } } };
  return <Panel panelOptions={{ hideHeader: true }} definition={definition} sx={{ border: 0, height: "100%", ...sx }} />;
}

function Answer({ type, children }) {
  const { queryResults, isFetching } = useDataQueries(type);
  const error = queryResults.find((result) => result.error)?.error;
  return (
    <Box sx={{ flex: 1, minHeight: 0, position: "relative" }} aria-busy={isFetching}>
      {isFetching ? <Box className="ob-fetching" sx={{ backgroundColor: "primary.main", height: 2, left: 0, position: "absolute", right: 0, top: 0, zIndex: 1 }} /> : null}
      {error ? <Fault error={error} /> : typeof children === "function" ? children(queryResults) : children}
    </Box>
  );
}

// The distance of points follows the width in steps, so that a scroll bar asks nothing anew.
function Queries({ width, query, mode, children }) {
  const suggestedStepMs = useSuggestedStepMs(Math.ceil(width / WIDTH_STEP) * WIDTH_STEP);
  const options = query.kind === "TimeSeriesQuery" ? { mode, suggestedStepMs } : undefined;
  return (
    <DataQueriesProvider definitions={[query.spec.plugin]} options={options}>
      <Answer type={query.kind}>{children}</Answer>
    </DataQueriesProvider>
  );
}

export function Result({ query, mode = "range", children }) {
  const { ref, width = 0 } = useResizeObserver();
  return (
    <Box ref={ref} className="ob-result" sx={{ display: "flex", flex: 1, flexDirection: "column", minHeight: 0 }}>
      <ErrorBoundary FallbackComponent={Fault} resetKeys={[query.spec]}>
        {width > 0 ? <Queries width={width} query={query} mode={mode}>{children}</Queries> : null}
      </ErrorBoundary>
    </Box>
  );
}
