// What every view stands in: theme, plugins, data sources, time, messages.

import createCache from "@emotion/cache";
import { CacheProvider } from "@emotion/react";
import { ScopedCssBaseline, ThemeProvider } from "@mui/material";
import { ChartsProvider, ErrorBoundary, SnackbarProvider, TimeZoneProvider } from "@perses-dev/components";
import { DashboardProvider, DatasourceStoreProvider, VariableProvider } from "@perses-dev/dashboards";
import { PluginRegistry, RouterProvider, TimeRangeProvider, ValidationProvider } from "@perses-dev/plugin-system";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { forwardRef, useEffect, useMemo, useState } from "react";
import { datasourceApi } from "./backend.js";
import { Fault } from "./fault.jsx";
import { defaultPluginKinds, pluginLoader } from "./plugins.js";
import { isDark, onThemeChange, themes } from "./theme.js";

const NO_DASHBOARD = {
  kind: "Dashboard",
  metadata: { name: "explore", project: "lab" },
  spec: { panels: {}, layouts: [], variables: [], duration: "15m" },
};
const CACHED = 60_000; // old answers go soon: a page that refreshes for hours must not grow

function useTheme() {
  const [dark, setDark] = useState(isDark);
  useEffect(() => onThemeChange(() => setDark(isDark())), []);
  return useMemo(() => themes(dark), [dark]);
}

function linkFor(navigate) {
  return forwardRef(function InnerLink({ to, href, children, ...others }, ref) {
    const follow = (event) => {
      event.preventDefault();
      event.stopPropagation();
      navigate(String(to ?? href));
    };
    return <a {...others} ref={ref} href="#" onClick={follow}>{children}</a>;
  });
}

// Spinners that turn cost a processor without a graphics card more than the charts do.
const STILL = { "& *, & *::before, & *::after": { animation: "none !important", transition: "none !important" } };

export function Frame({ transport, height, dashboard = NO_DASHBOARD, time, navigate, children }) {
  const { mode, muiTheme, charts } = useTheme();
  const cache = useMemo(() => createCache({ key: "obx" }), []);
  const queries = useMemo(() => {
    // A closed network is not offline: the way is to the kernel. Old answers stay until new ones come.
    const options = { cacheTime: CACHED, keepPreviousData: true, networkMode: "always", refetchOnWindowFocus: false, retry: 0 };
    return new QueryClient({ defaultOptions: { queries: options } });
  }, []);
  useEffect(() => () => queries.clear(), [queries]);
  const sources = useMemo(() => datasourceApi(transport), [transport]);
  const link = useMemo(() => linkFor(navigate), [navigate]);
  const name = dashboard.metadata.name;
  return (
    <CacheProvider value={cache}>
      <ThemeProvider theme={muiTheme}>
        <ScopedCssBaseline key={mode} className="ob-frame" data-lm-suppress-shortcuts="true" sx={{ height, overflow: "hidden", fontSize: 13, display: "flex", flexDirection: "column", ...STILL }}>
          <ErrorBoundary FallbackComponent={Fault}>
            <ChartsProvider chartsTheme={charts} enablePinning enableSyncGrouping>
              <SnackbarProvider>
                <TimeZoneProvider timeZone="local">
                  <QueryClientProvider client={queries}>
                    <PluginRegistry pluginLoader={pluginLoader} defaultPluginKinds={defaultPluginKinds}>
                      <DatasourceStoreProvider key={name} dashboardResource={dashboard} datasourceApi={sources}>
                        <DashboardProvider initialState={{ isEditMode: false, dashboardResource: dashboard }}>
                          <TimeRangeProvider timeRange={time.range} setTimeRange={time.setRange} refreshInterval={time.refresh} setRefreshInterval={time.setRefresh}>
                            <VariableProvider initialVariableDefinitions={dashboard.spec.variables}>
                              <ValidationProvider>
                                <RouterProvider RouterComponent={link} navigate={navigate}>{children}</RouterProvider>
                              </ValidationProvider>
                            </VariableProvider>
                          </TimeRangeProvider>
                        </DashboardProvider>
                      </DatasourceStoreProvider>
                    </PluginRegistry>
                  </QueryClientProvider>
                </TimeZoneProvider>
              </SnackbarProvider>
            </ChartsProvider>
          </ErrorBoundary>
        </ScopedCssBaseline>
      </ThemeProvider>
    </CacheProvider>
  );
}
