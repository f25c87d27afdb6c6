// The three backends as Perses' data sources: one of each, nothing to choose.

import { PrometheusDatasource } from "@perses-dev/prometheus-plugin/lib/plugins/prometheus-datasource";
import { LokiDatasource } from "@perses-dev/loki-plugin/lib/datasources/loki-datasource/LokiDatasource";
import { TempoDatasource } from "@perses-dev/tempo-plugin/lib/plugins/tempo-datasource";

const KINDS = { prometheus: "PrometheusDatasource", loki: "LokiDatasource", tempo: "TempoDatasource" };

function bare({ createClient, getBuiltinVariableDefinitions }) {
  return { createClient, getBuiltinVariableDefinitions, createInitialOptions: () => ({}) };
}

export const datasources = {
  PrometheusDatasource: bare(PrometheusDatasource),
  LokiDatasource: bare(LokiDatasource),
  TempoDatasource: bare(TempoDatasource),
};

export function datasourceApi(transport) {
  const all = Object.entries(KINDS).map(([name, kind]) => ({
    kind: "GlobalDatasource",
    metadata: { name },
    spec: {
      default: true,
      display: { name },
      plugin: { kind, spec: { directUrl: transport.address(name), scrapeInterval: "1s" } },
    },
  }));
  return {
    getDatasource: async () => undefined,
    // A dashboard may name its source as it likes: there is one of each kind.
    getGlobalDatasource: async (wanted) => all.find((item) => item.spec.plugin.kind === wanted.kind),
    listDatasources: async () => [],
    listGlobalDatasources: async (kind) => all.filter((item) => !kind || item.spec.plugin.kind === kind),
    buildProxyUrl: () => "",
  };
}
