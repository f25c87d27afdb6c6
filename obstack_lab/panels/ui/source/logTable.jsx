// Log lines with level, service and message; a line opens to all its fields and leads to its trace.

import { Box, Link } from "@mui/material";
import { useRouterContext } from "@perses-dev/plugin-system";
import { memo, useState } from "react";
import { lineTime } from "./moment.js";

const SIGNS = { critical: "✘", error: "✘", warning: "◆" };
const TONES = { critical: "error", error: "error", warning: "warning" };
const HIDDEN = new Set(["message", "level"]);
const TRACE_ID = /^[0-9a-f]{32}$/i;
const MONO = "var(--jp-code-font-family, monospace)";
const columns = "minmax(92px, max-content) minmax(64px, max-content) minmax(72px, max-content) 1fr";

function messageOf({ fields, line }) {
  if (typeof fields.message !== "string") return line;
  const beside = ["http_request_method", "http_route", "http_response_status_code", "error"];
  return [fields.message, ...beside.map((name) => fields[name]).filter(Boolean)].join(" ");
}

function fieldsOf({ fields, labels, line, nanos }) {
  const merged = { ...labels, ...fields };
  const shown = Object.entries(merged).filter(([key, value]) => !HIDDEN.has(key) && value !== "" && value !== null);
  const texts = shown.map(([key, value]) => [key, typeof value === "object" ? JSON.stringify(value) : String(value)]);
  return [["time", lineTime(nanos, true)], ...texts, ["line", line]];
}

function Field({ name, value, nanos }) {
  const { RouterComponent } = useRouterContext();
  const leads = RouterComponent && name === "trace_id" && TRACE_ID.test(value);
  const to = `/trace?id=${value}&at=${nanos.slice(0, -6)}`;
  return (
    <>
      <Box component="dt" sx={{ "&&": { color: "text.secondary", fontWeight: 400, m: 0, p: 0 } }}>{name}</Box>
      <Box component="dd" sx={{ "&&": { m: 0, p: 0 }, fontFamily: MONO, overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
        {value}
        {leads ? <Link component={RouterComponent} to={to} sx={{ "&&": { color: "primary.main", fontFamily: "inherit", ml: 1, textDecoration: "underline" } }}>Open its trace</Link> : null}
      </Box>
    </>
  );
}

const Row = memo(function Row({ entry }) {
  const [open, setOpen] = useState(false);
  const tone = TONES[entry.level];
  const colour = tone ? `${tone}.main` : "text.secondary";
  return (
    <Box component="li" sx={{ borderLeft: 3, borderColor: tone ? colour : "divider", contentVisibility: "auto", containIntrinsicSize: "auto 24px" }}>
      <Box
        component="button"
        type="button"
        className="ob-log-line"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        sx={{ all: "unset", boxSizing: "border-box", cursor: "pointer", display: "grid", gap: 1, gridTemplateColumns: columns, px: 1, py: "2px", width: "100%", "&:hover": { backgroundColor: "action.hover" }, "&:focus-visible": { outline: "2px solid", outlineOffset: "-2px", outlineColor: "primary.main" } }}
      >
        <Box component="span" title={lineTime(entry.nanos, true)} sx={{ fontVariantNumeric: "tabular-nums" }}>{lineTime(entry.nanos)}</Box>
        <Box component="span" sx={{ color: colour }}>{`${SIGNS[entry.level] ?? ""} ${entry.level}`.trim()}</Box>
        <Box component="span">{entry.labels.service_name ?? ""}</Box>
        <Box component="span" sx={{ fontFamily: MONO, overflow: "hidden", overflowWrap: "anywhere", textOverflow: "ellipsis", ...(open ? {} : { display: "-webkit-box", WebkitBoxOrient: "vertical", WebkitLineClamp: 2 }) }}>
          {messageOf(entry)}
        </Box>
      </Box>
      {open ? (
        <Box component="dl" className="ob-log-fields" sx={{ display: "grid", gap: "2px 12px", gridTemplateColumns: "max-content 1fr", "&&": { m: 0, px: 3, py: 1 }, backgroundColor: "action.hover" }}>
          {fieldsOf(entry).map(([name, value]) => <Field key={name} name={name} value={value} nanos={entry.nanos} />)}
        </Box>
      ) : null}
    </Box>
  );
});

export function LogTable({ queryResults }) {
  const entries = queryResults.flatMap((result) => result.data.logs?.entries ?? []);
  if (entries.length === 0) return <Box sx={{ color: "text.secondary", p: 2 }}>No line matches in this time.</Box>;
  const seen = new Map();
  const keyed = entries.map((entry) => {
    const key = `${entry.nanos} ${JSON.stringify(entry.labels)} ${entry.line}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return [`${key} ${seen.get(key)}`, entry];
  });
  return (
    <Box component="ul" className="ob-log-table" aria-label="Log lines" sx={{ fontSize: 12, height: "100%", overflow: "auto", "&&": { listStyle: "none", m: 0, p: 0 }, "& li": { m: 0 } }}>
      {keyed.map(([key, entry]) => <Row key={key} entry={entry} />)}
    </Box>
  );
}
