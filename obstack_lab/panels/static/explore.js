// Explore or the dashboards as a widget of their own, in a cell of a notebook.

import { h } from "./dom.js";
import { openLink } from "./link.js";
import { queryTab } from "./query.js";
import { stage } from "./stage.js";

const SIGNALS = { promql: "metrics", logql: "logs", traceql: "traces" };

function render({ model, el }) {
  const link = openLink(model, el);
  const page = link.get("page");
  const language = Object.keys(SIGNALS).find((name) => SIGNALS[name] === page.asked.signal);
  const here = stage(link, {
    kind: page.kind,
    asked: page.asked,
    plain: () => queryTab(link, { language, query: page.asked.query }),
    explore: (asked) => {
      // A dashboard's link into a trace: Explore takes its place, and the cell shows it.
      const there = stage(link, { kind: "explore", asked, plain: () => queryTab(link) });
      root.replaceChildren(there.el);
      there.show();
    },
  });
  const root = h("div", { class: "ob-desk ob-explorer", style: `height:${page.height}px` }, here.el);
  el.replaceChildren(root);
  here.show();
  return () => link.close();
}

export default { render };
