// The desk: one widget that draws the blocks the kernel sends and sends back what is pressed.

import { actBlock } from "./act.js";
import { h } from "./dom.js";
import { headerBlock } from "./header.js";
import { openLink } from "./link.js";
import { logsTab } from "./logs.js";
import { overviewTab } from "./overview.js";
import { databaseTab, queryTab } from "./query.js";
import { sidebarBlock } from "./sidebar.js";
import { briefingTab, reviewTab, writeupTab } from "./story.js";
import { tracesTab } from "./traces.js";
import { usersBlock } from "./users.js";

let views = 0;

// Tabs by the pattern of the ARIA guide: arrows move, one panel is shown.
function tabs(entries) {
  const number = (views += 1);
  const list = h("div", { class: "ob-tabs", role: "tablist", "aria-label": "Observe" });
  const items = entries.map(([name, label, panel]) => {
    const id = `ob-${number}-${name}`;
    const tab = h("button", { type: "button", role: "tab", class: "ob-tab", id: `${id}-tab`, "aria-controls": id, onclick: () => show(name) }, label);
    const body = h("div", { role: "tabpanel", class: "ob-panel", id, "aria-labelledby": `${id}-tab`, hidden: true }, panel);
    return { name, tab, body };
  });
  list.append(...items.map((item) => item.tab));
  list.addEventListener("keydown", (event) => {
    const shown = items.filter((item) => !item.tab.hidden);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = shown.findIndex((item) => item.tab.getAttribute("aria-selected") === "true");
    const next = shown[(place + step + shown.length) % shown.length];
    show(next.name);
    next.tab.focus();
  });
  function show(name) {
    for (const item of items) {
      const on = item.name === name;
      item.tab.setAttribute("aria-selected", String(on));
      item.tab.tabIndex = on ? 0 : -1;
      item.body.hidden = !on;
    }
  }
  const reveal = (name, visible) => {
    items.find((item) => item.name === name).tab.hidden = !visible;
  };
  return { el: h("div", { class: "ob-observe" }, list, items.map((item) => item.body)), show, reveal };
}

function render({ model, el }) {
  const link = openLink(model, el);
  const observe = {
    logs: (where) => { board.show("logs"); logs.open(where); },
    traces: (where) => { board.show("traces"); traces.open(where); },
    trace: (id) => { board.show("traces"); traces.trace(id); },
  };
  const logs = logsTab(link, observe);
  const traces = tracesTab(link, observe);
  const compact = model.get("page").mode === "notebook";
  const act = actBlock(link);
  const board = tabs([
    ["briefing", "Briefing", briefingTab(link)],
    ["overview", "Overview", overviewTab(link, observe)],
    ["query", "Query", queryTab(link)],
    ["logs", "Logs", logs.el],
    ["traces", "Traces", traces.el],
    ["database", "Database", databaseTab(link)],
    ...(compact ? [["act", "Act", act]] : []),
    ["writeup", "Write-up", writeupTab(link)],
    ["review", "Review", reviewTab(link)],
  ]);

  const root = h(
    "div",
    { class: `ob-desk ob-${compact ? "notebook" : "page"}` },
    headerBlock(link),
    h(
      "div",
      { class: "ob-body" },
      h(
        "div",
        { class: "ob-main" },
        h("div", { class: "ob-left" }, usersBlock(link)),
        h("div", { class: "ob-center" }, board.el),
        h("div", { class: "ob-right" }, sidebarBlock(link, observe)),
      ),
      compact ? null : act,
    ),
  );
  // Before the start the briefing, during the run the overview, after it the review.
  let stage = "";
  link.watch("header", (state) => {
    const next = state.ended ? "review" : state.live ? "overview" : "briefing";
    board.reveal("review", state.ended === true);
    board.reveal("writeup", state.live === true);
    if (next === stage) return;
    root.classList.remove(`ob-stage-${stage || "none"}`);
    stage = next;
    root.classList.add(`ob-stage-${stage}`);
    board.show(next);
  });

  el.replaceChildren(root);
  return () => link.close();
}

export default { render };
