// In place of the dashboards' own (build.mjs leads here): a panel is made when it is first seen.

import { Box } from "@mui/material";
import { useInView } from "react-intersection-observer";
import { GridItemContent as Panel } from "../node_modules/@perses-dev/dashboards/dist/components/GridLayout/GridItemContent.js";

export function GridItemContent(props) {
  const { ref, inView } = useInView({ triggerOnce: true });
  return <Box ref={ref} sx={{ height: "100%", width: "100%" }}>{inView && <Panel {...props} />}</Box>;
}
