// Metrics of Prometheus as Perses asks for them, without its editors.

import { parseVariables } from "@perses-dev/plugin-system";
import { getTimeSeriesData } from "@perses-dev/prometheus-plugin/lib/plugins/prometheus-time-series-query/get-time-series-data";

export const PrometheusTimeSeriesQuery = {
  getTimeSeriesData,
  createInitialOptions: () => ({ query: "" }),
  dependsOn: (spec) => ({
    variables: [...new Set([...parseVariables(spec.query), ...parseVariables(spec.seriesNameFormat ?? "")])],
  }),
};
