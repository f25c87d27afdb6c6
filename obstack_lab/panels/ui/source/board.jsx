// Dashboards: the lab's own, read only, with variables, a shared time range and a refresh.

import { Box, FormControl, MenuItem, Select } from "@mui/material";
import { Dashboard, VariableList } from "@perses-dev/dashboards";
import { TimeRangeControls, useVariableValues } from "@perses-dev/plugin-system";
import { useCallback, useEffect, useRef, useState } from "react";
import { Frame } from "./frame.jsx";

const REFRESH = "5s";

function Choice({ boards, chosen, choose }) {
  if (boards.length < 2) return <strong>{chosen.spec.display?.name ?? chosen.metadata.name}</strong>;
  return (
    <FormControl size="small">
      <Select value={chosen.metadata.name} onChange={(event) => choose(event.target.value)} inputProps={{ "aria-label": "Dashboard" }} sx={{ fontSize: 13, height: 32 }}>
        {boards.map((board) => <MenuItem key={board.metadata.name} value={board.metadata.name}>{board.spec.display?.name ?? board.metadata.name}</MenuItem>)}
      </Select>
    </FormControl>
  );
}

// Panels are laid out once the choices are known: rows are repeated for each of them.
function Panels({ variables }) {
  const values = useVariableValues();
  const asked = useRef(new Set());
  const open = variables.every(({ kind, spec: { name } }) => {
    const { loading = false, options = [] } = values[name] ?? {};
    if (loading) asked.current.add(name);
    return kind !== "ListVariable" || options.length > 0 || (asked.current.has(name) && !loading);
  });
  return open ? <Dashboard /> : <Box role="status" sx={{ p: 2 }}>Loading…</Box>;
}

export function Board({ transport, height, asked, boards, hold, explore }) {
  const [name, setName] = useState(asked.dashboard ?? boards[0]?.metadata.name);
  const chosen = boards.find((board) => board.metadata.name === name) ?? boards[0];
  const [range, setPlainRange] = useState({ pastDuration: chosen?.spec.duration ?? "15m" });
  const [refresh, setRefresh] = useState(chosen?.spec.refreshInterval ?? REFRESH);
  const choose = useCallback(
    (wanted) => {
      transport.deed();
      setName(wanted);
    },
    [transport],
  );
  const setRange = useCallback(
    (wanted) => {
      transport.deed();
      setPlainRange(wanted);
    },
    [transport],
  );
  useEffect(() => hold((wanted) => wanted.dashboard && choose(wanted.dashboard)), [hold, choose]);
  const navigate = useCallback(
    (address) => {
      const [place, search] = String(address).split("?");
      const params = new URLSearchParams(search);
      if (place === "/trace" && params.get("id")) explore({ signal: "traces", trace: params.get("id") });
    },
    [explore],
  );
  if (!chosen) return <p>There is no dashboard.</p>;
  const time = { range, setRange, refresh, setRefresh };
  return (
    <Frame key={chosen.metadata.name} transport={transport} height={height} dashboard={chosen} time={time} navigate={navigate}>
      <Box className="ob-board" sx={{ display: "flex", flex: 1, flexDirection: "column", minHeight: 0 }}>
        <Box sx={{ alignItems: "center", display: "flex", flexWrap: "wrap", gap: 1, p: 1 }}>
          <Choice boards={boards} chosen={chosen} choose={choose} />
          <VariableList />
          <Box sx={{ ml: "auto" }}><TimeRangeControls heightPx={32} /></Box>
        </Box>
        <Box sx={{ flex: 1, minHeight: 0, overflow: "auto" }}><Panels variables={chosen.spec.variables} /></Box>
      </Box>
    </Frame>
  );
}
