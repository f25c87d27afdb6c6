// Perses' scatter plot writes names of services and spans into its tooltip as HTML: escape them.

import { ScatterChartPanel } from "@perses-dev/scatter-chart-plugin/lib/ScatterChartPanel";
import { useMemo } from "react";

const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text) {
  return String(text ?? "").replace(/[&<>"']/g, (sign) => SIGNS[sign]);
}

function escapedTrace(trace) {
  return { ...trace, rootServiceName: escaped(trace.rootServiceName), rootTraceName: escaped(trace.rootTraceName) };
}

export function SafeScatterChart({ queryResults, ...others }) {
  const safe = useMemo(
    () =>
      queryResults.map((result) => ({
        ...result,
        data: { ...result.data, searchResult: result.data.searchResult?.map(escapedTrace) },
      })),
    [queryResults],
  );
  return <ScatterChartPanel {...others} queryResults={safe} />;
}
