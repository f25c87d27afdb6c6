// Explore: metrics, logs and traces with one time range, and the ways between them.

import { Box, Button, MenuItem, Select, Tab, Tabs } from "@mui/material";
import { TimeRangeControls, useTimeRange } from "@perses-dev/plugin-system";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { SIGNALS, useCourse } from "./course.js";
import { QueryEditor } from "./editor.jsx";
import { Frame } from "./frame.jsx";
import { LogView } from "./logView.jsx";
import { MetricView } from "./metricView.jsx";
import { TraceView } from "./traceView.jsx";

const LIMITS = { logs: [100, 200, 500, 1000], traces: [20, 50, 100] };
const VIEWS = { metrics: MetricView, logs: LogView, traces: TraceView };
const TRACE_ID = /^[0-9a-f]{32}$/i;

function Limit({ view, steps }) {
  const choices = LIMITS[view.signal];
  if (!choices) return null;
  return (
    <Select size="small" value={view.limits[view.signal]} onChange={(event) => steps.limit(event.target.value)} inputProps={{ "aria-label": "Most results" }} sx={{ fontSize: 13, height: 32 }}>
      {choices.map((count) => <MenuItem key={count} value={count}>{`at most ${count}`}</MenuItem>)}
    </Select>
  );
}

function QueryBar({ view, steps, transport }) {
  const { refresh } = useTimeRange();
  const queries = useQueryClient();
  const asked = view.signal === "traces" && view.trace ? view.trace : view.queries[view.signal];
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const run = (now) => {
    const wanted = now.trim();
    if (!wanted) return;
    if (wanted !== asked) {
      if (view.signal === "traces" && TRACE_ID.test(wanted)) steps.trace(wanted);
      else steps.run(wanted);
      return;
    }
    transport.deed();
    refresh();
    queries.invalidateQueries();
  };
  return (
    <Box sx={{ alignItems: "flex-start", display: "flex", gap: 1 }}>
      <QueryEditor key={view.signal} signal={view.signal} value={text} onChange={setText} onRun={run} transport={transport} />
      <Limit view={view} steps={steps} />
      <Button variant="contained" size="small" onClick={() => run(text)} sx={{ height: 32 }}>Run</Button>
    </Box>
  );
}

function Head({ view, steps, canGoBack }) {
  return (
    <Box sx={{ alignItems: "center", display: "flex", flexWrap: "wrap", gap: 1, justifyContent: "space-between" }}>
      <Tabs value={view.signal} onChange={(_, signal) => steps.signal(signal)} aria-label="What to explore" sx={{ minHeight: 36 }}>
        {Object.entries(SIGNALS).map(([signal, name]) => <Tab key={signal} value={signal} label={name} sx={{ minHeight: 36, py: 0 }} />)}
      </Tabs>
      <Box sx={{ alignItems: "center", display: "flex", gap: 1 }}>
        <Button size="small" disabled={!canGoBack} onClick={() => steps.back()}>Back</Button>
        <TimeRangeControls heightPx={32} />
      </Box>
    </Box>
  );
}

export function Explore({ transport, height, asked, hold }) {
  const { view, steps, time, canGoBack } = useCourse(asked, transport);
  const times = useRef({ from: 0, to: 0 }).current;
  useEffect(() => hold(steps.show), [hold, steps]);
  const navigate = useCallback(
    (address) => {
      const [place, search] = String(address).split("?");
      const params = new URLSearchParams(search);
      if (place === "/trace" && params.get("id")) steps.trace(params.get("id"));
      if (place === "/logs" && params.get("span")) steps.logs(`span_id="${params.get("span")}"`, times.from, times.to);
    },
    [steps, times],
  );
  const View = VIEWS[view.signal];
  return (
    <Frame transport={transport} height={height} time={time} navigate={navigate}>
      <Box className="ob-explore" sx={{ display: "flex", flex: 1, flexDirection: "column", gap: 1, minHeight: 0, p: 1 }}>
        <Head view={view} steps={steps} canGoBack={canGoBack} />
        <QueryBar view={view} steps={steps} transport={transport} />
        <View key={view.signal} view={view} steps={steps} times={times} />
      </Box>
    </Frame>
  );
}
