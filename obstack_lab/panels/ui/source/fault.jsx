// What went wrong, in the language's own words, with a caret under the place where it is known.

import { Box } from "@mui/material";

export function Fault({ error }) {
  return (
    <Box role="alert" className="ob-fault-card" sx={{ borderLeft: 3, borderColor: "error.main", m: 1, px: 2, py: 1 }}>
      <Box sx={{ overflowWrap: "anywhere" }}>{error?.message ?? String(error)}</Box>
      {error?.caret ? (
        <Box component="pre" sx={{ fontFamily: "var(--jp-code-font-family, monospace)", fontSize: 12, m: 0, mt: 1, overflowX: "auto" }}>
          {error.caret}
        </Box>
      ) : null}
    </Box>
  );
}
