// Where the learner is in Explore, and the way back: signal, queries, trace and time range together.

import { useCallback, useMemo, useState } from "react";
import { around } from "./moment.js";

export const SIGNALS = { metrics: "Metrics", logs: "Logs", traces: "Traces" };
const FIRST = {
  metrics: "sum by (service_name) (rate(http_server_request_duration_seconds_count[30s]))",
  logs: '{service_name=~".+"}',
  traces: "{ }",
};
const LIMITS = { logs: 200, traces: 20 };
const LONGEST_PAST = 50;
const SERVICE = /service[_.]name\s*=\s*"([^"]+)"/;

function rangeOf({ last, from, to }) {
  return from && to ? { start: new Date(from * 1000), end: new Date(to * 1000) } : { pastDuration: last || "15m" };
}

// What a caller asks for: {signal, query, last | from + to, trace}.
function begin({ signal = "metrics", query, trace = "", ...when }) {
  const queries = query ? { ...FIRST, [signal]: query } : FIRST;
  return { signal, queries, trace, limits: LIMITS, form: "chart", range: rangeOf(when) };
}

// Queries of the other signals about the same service, where the present one names a service.
function aboutSame(view) {
  const service = SERVICE.exec(view.queries[view.signal])?.[1];
  if (!service) return view.queries;
  const quoted = JSON.stringify(service);
  const same = {
    metrics: `sum by (http_route) (rate(http_server_request_duration_seconds_count{service_name=${quoted}}[30s]))`,
    logs: `{service_name=${quoted}}`,
    traces: `{ resource.service.name = ${quoted} }`,
  };
  return { ...same, [view.signal]: view.queries[view.signal] };
}

export function useCourse(asked, transport) {
  const [{ view, past }, setState] = useState(() => ({ view: begin(asked), past: [] }));
  const [refresh, setRefresh] = useState("0s");

  const go = useCallback(
    (change) => {
      transport.deed();
      setState(({ view: now, past: before }) => ({
        view: { ...now, ...(typeof change === "function" ? change(now) : change) },
        past: [...before, now].slice(-LONGEST_PAST),
      }));
    },
    [transport],
  );
  const steps = useMemo(
    () => ({
      show: (wanted) => go(() => begin(wanted)),
      signal: (signal) => go({ signal, trace: "" }),
      run: (text) => go((now) => ({ trace: "", queries: { ...now.queries, [now.signal]: text } })),
      limit: (limit) => go((now) => ({ limits: { ...now.limits, [now.signal]: limit } })),
      form: (form) => go({ form }),
      range: (range) => go({ range }),
      // the same moment and, where one is named, the same service in another signal
      here: (signal) => go((now) => ({ signal, trace: "", queries: aboutSame(now) })),
      trace: (trace) => go({ signal: "traces", trace: trace.toLowerCase() }),
      logs: (filter, from, to) =>
        go((now) => ({
          signal: "logs",
          range: around(from, to),
          queries: { ...now.queries, logs: `{service_name=~".+"} | json | ${filter}` },
        })),
      search: () => go({ trace: "" }),
      back: () => {
        transport.deed();
        setState((state) =>
          state.past.length ? { view: state.past.at(-1), past: state.past.slice(0, -1) } : state,
        );
      },
    }),
    [go, transport],
  );
  const time = { range: view.range, setRange: steps.range, refresh, setRefresh };
  return { view, steps, time, canGoBack: past.length > 0 };
}
