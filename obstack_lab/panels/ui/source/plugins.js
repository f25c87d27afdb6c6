// What Perses may use, registered by name: no module federation, nothing loaded later.

import { dynamicImportPluginLoader } from "@perses-dev/plugin-system";
import { MarkdownPanel } from "@perses-dev/markdown-plugin/lib/MarkdownPanel";
import { PrometheusLabelValuesVariable } from "@perses-dev/prometheus-plugin/lib/plugins/PrometheusLabelValuesVariable";
import { PrometheusPromQLVariable } from "@perses-dev/prometheus-plugin/lib/plugins/PrometheusPromQLVariable";
import { StatChartPanel } from "@perses-dev/stat-chart-plugin/lib/StatChartPanel";
import { StaticListVariable } from "@perses-dev/static-list-variable-plugin/lib/StaticListVariable";
import { TablePanel } from "@perses-dev/table-plugin/lib/TablePanel";
import { TimeSeriesChartPanel } from "@perses-dev/timeseries-chart-plugin/lib/TimeSeriesChartPanel";
import { TimeSeriesTablePanel } from "@perses-dev/timeseries-table-plugin/lib/TimeSeriesTablePanel";
import { TraceTablePanel } from "@perses-dev/trace-table-plugin/lib/TraceTablePanel";
import { TracingGanttChartPanel } from "@perses-dev/tracing-gantt-chart-plugin/lib/TracingGanttChartPanel";
import { datasources } from "./backend.js";
import { LogTable } from "./logTable.jsx";
import { LokiLogQuery, LokiTimeSeriesQuery } from "./logs.js";
import { PrometheusTimeSeriesQuery } from "./metrics.js";
import { SafeScatterChart } from "./scatter.jsx";
import { TempoTraceQuery } from "./traces.js";

function panel(PanelComponent, supportedQueryTypes) {
  return { PanelComponent, supportedQueryTypes, createInitialOptions: () => ({}) };
}

// The variable editors stay out: dashboards are read here, and written elsewhere.
function variable({ getVariableOptions, dependsOn }) {
  return { getVariableOptions, dependsOn, createInitialOptions: () => ({}) };
}

const PLUGINS = {
  Datasource: datasources,
  TimeSeriesQuery: { PrometheusTimeSeriesQuery, LokiTimeSeriesQuery },
  LogQuery: { LokiLogQuery },
  TraceQuery: { TempoTraceQuery },
  Variable: {
    PrometheusLabelValuesVariable: variable(PrometheusLabelValuesVariable),
    PrometheusPromQLVariable: variable(PrometheusPromQLVariable),
    StaticListVariable: variable(StaticListVariable),
  },
  Panel: {
    LogsTable: panel(LogTable, ["LogQuery"]),
    Markdown: panel(MarkdownPanel, []),
    ScatterChart: panel(SafeScatterChart, ["TraceQuery"]),
    StatChart: panel(StatChartPanel, ["TimeSeriesQuery"]),
    Table: panel(TablePanel, ["TimeSeriesQuery"]),
    TimeSeriesChart: panel(TimeSeriesChartPanel, ["TimeSeriesQuery"]),
    TimeSeriesTable: panel(TimeSeriesTablePanel, ["TimeSeriesQuery"]),
    TraceTable: panel(TraceTablePanel, ["TraceQuery"]),
    TracingGanttChart: panel(TracingGanttChartPanel, ["TraceQuery"]),
  },
};

const resource = {
  kind: "PluginModule",
  metadata: { name: "lab", version: "1.0.0" },
  spec: {
    plugins: Object.entries(PLUGINS).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => ({ kind, spec: { name, display: { name } } })),
    ),
  },
};
const module = Object.assign({}, ...Object.values(PLUGINS));

export const pluginLoader = dynamicImportPluginLoader([
  { resource, importPlugin: () => Promise.resolve(module) },
]);

export const defaultPluginKinds = {
  Panel: "TimeSeriesChart",
  TimeSeriesQuery: "PrometheusTimeSeriesQuery",
  TraceQuery: "TempoTraceQuery",
  LogQuery: "LokiLogQuery",
};
