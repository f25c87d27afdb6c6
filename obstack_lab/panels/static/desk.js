// The desk: one widget that draws the blocks the kernel sends and sends back what is pressed.

import { actBlock } from "./act.js";
import { h } from "./dom.js";
import { headerBlock } from "./header.js";
import { openLink } from "./link.js";
import { logsTab } from "./logs.js";
import { overviewTab } from "./overview.js";
import { databaseTab, queryTab } from "./query.js";
import { sidebarBlock } from "./sidebar.js";
import { stage } from "./stage.js";
import { briefingTab, reviewTab, writeupTab } from "./story.js";
import { tracesTab } from "./traces.js";
import { usersBlock } from "./users.js";

let views = 0;

// Tabs by the pattern of the ARIA guide: arrows move, one panel is shown.
function tabs(entries) {
  const number = (views += 1);
  const list = h("div", { class: "ob-tabs", role: "tablist", "aria-label": "Observe" });
  const items = entries.map(([name, label, panel, onshow = () => {}]) => {
    const id = `ob-${number}-${name}`;
    const tab = h("button", { type: "button", role: "tab", class: "ob-tab", id: `${id}-tab`, "aria-controls": id, onclick: () => show(name) }, label);
    const body = h("div", { role: "tabpanel", class: "ob-panel", id, "aria-labelledby": `${id}-tab`, hidden: true }, panel);
    return { name, tab, body, onshow };
  });
  const changed = [];
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
      if (on) item.onshow();
    }
    for (const callback of changed) callback(name);
  }
  const reveal = (name, visible) => {
    items.find((item) => item.name === name).tab.hidden = !visible;
  };
  return { el: h("div", { class: "ob-observe" }, list, items.map((item) => item.body)), show, reveal, onchange: (callback) => changed.push(callback) };
}

// Explore and the dashboards are wide: what stands left of them makes room.
const WIDE = new Set(["explore", "dashboards"]);

// Where to look: in Explore, or in plain tabs where its bundle is not at hand.
function plainWays(board, logs, traces) {
  return {
    logs: (where) => { board().show("logs"); logs().open(where); },
    traces: (where) => { board().show("traces"); traces().open(where); },
    trace: (id) => { board().show("traces"); traces().trace(id); },
    explore: () => board().show("query"),
  };
}

function exploreWays(board, explore) {
  const quoted = (name) => JSON.stringify(name);
  const show = (asked) => { explore().show(asked); board().show("explore"); };
  return {
    logs: ({ service, from, to } = {}) =>
      show({ signal: "logs", query: service ? `{service_name=${quoted(service)}}` : undefined, from, to }),
    traces: ({ service, from, to } = {}) =>
      show({ signal: "traces", query: service ? `{ resource.service.name = ${quoted(service)} }` : undefined, from, to }),
    trace: (trace) => show({ signal: "traces", trace }),
    explore: show,
  };
}

function render({ model, el }) {
  const link = openLink(model, el);
  const rich = Boolean(link.get("page").bundle);
  const plain = plainWays(() => board, () => logs, () => traces);
  const observe = rich ? exploreWays(() => board, () => explore) : plain;
  const logs = logsTab(link, plain);
  const traces = tracesTab(link, plain);
  // The bundle cannot be had: the plain tabs come back, and lead to each other.
  const plainly = () => {
    Object.assign(observe, plain);
    for (const name of ["query", "logs", "traces"]) board.reveal(name, true);
    return h("p", { class: "ob-small" }, "Use the tabs Query, Logs and Traces.");
  };
  const explore = stage(link, { kind: "explore", plain: plainly });
  const dashboards = stage(link, { kind: "dashboards", plain: plainly, explore: (asked) => observe.explore(asked) });
  const compact = model.get("page").mode === "notebook";
  const act = actBlock(link);
  const board = tabs([
    ["briefing", "Briefing", briefingTab(link)],
    ["overview", "Overview", overviewTab(link, observe)],
    ["dashboards", "Dashboards", dashboards.el, () => dashboards.show()],
    ["explore", "Explore", explore.el, () => explore.show()],
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
  board.reveal("explore", rich);
  board.reveal("dashboards", rich && link.get("page").boards > 0);
  for (const name of ["query", "logs", "traces"]) board.reveal(name, !rich);
  board.onchange((name) => root.classList.toggle("ob-wide", WIDE.has(name)));
  // Before the start the briefing, during the run the overview, after it the review.
  let shown = "";
  link.watch("header", (state) => {
    const next = state.ended ? "review" : state.live ? "overview" : "briefing";
    board.reveal("review", state.ended === true);
    board.reveal("writeup", state.live === true);
    if (next === shown) return;
    root.classList.remove(`ob-stage-${shown || "none"}`);
    shown = next;
    root.classList.add(`ob-stage-${shown}`);
    board.show(next);
  });

  el.replaceChildren(root);
  return () => link.close();
}

export default { render };
