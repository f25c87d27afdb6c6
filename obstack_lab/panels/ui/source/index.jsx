// The bundle's one door: `open(element, ask, options)` shows Explore or the dashboards there.

import { createRoot } from "react-dom/client";
import { Board } from "./board.jsx";
import { Explore } from "./explore.jsx";
import { openTransport } from "./transport.js";

// `ask(verb, params)` leads to the kernel. Returns {show(asked), close()}.
export function open(element, ask, { kind = "explore", asked = {}, boards = [], height = "100%", explore = () => {} }) {
  const transport = openTransport(ask, kind === "dashboards" ? "dashboard" : "explore");
  const root = createRoot(element);
  let held = null;
  const hold = (show) => {
    held = show;
  };
  const View = kind === "dashboards" ? Board : Explore;
  root.render(<View transport={transport} height={height} asked={asked} boards={boards} hold={hold} explore={explore} />);
  return {
    show: (wanted) => held?.(wanted),
    close: () => {
      root.unmount();
      transport.close();
    },
  };
}
