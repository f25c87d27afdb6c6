// Query: a language, a box, a run. Database: presets and a box. Both show chart or table.

import { button, h } from "./dom.js";
import { empty, result, screen } from "./table.js";

const LASTS = ["5m", "15m", "30m", "1h"];

export function select(label, options, value, onchange = () => {}) {
  const entries = options.map((item) => (Array.isArray(item) ? item : [item, item]));
  const node = h(
    "select",
    { class: "ob-select", "aria-label": label, onchange: () => onchange(node.value) },
    entries.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
  );
  return node;
}

// A box for a query: Ctrl+Enter runs it; JupyterLab's own Shift+Enter stays out of it.
export function editor(label, run, value = "", rows = 2) {
  const box = h("textarea", {
    class: "ob-editor",
    rows,
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": label,
    "data-lm-suppress-shortcuts": "true",
    value,
  });
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      run();
    }
  });
  return box;
}

export function queryTab(link, first = {}) {
  const presets = link.get("page").queries ?? {};
  const last = select("Time", LASTS.map((item) => [item, `last ${item}`]), "15m");
  const view = screen(result);
  link.atEnd(() => view.close());
  const run = button("Run", () => ask(), { class: "ob-primary" });
  const begin = first.language ?? "promql";
  const box = editor("Query", () => run.click(), first.query ?? presets[begin]?.[0]?.query ?? "");
  const language = select(
    "Language",
    [["promql", "PromQL: metrics"], ["logql", "LogQL: logs"], ["traceql", "TraceQL: traces"]],
    begin,
    () => {
      offer();
      box.value = presets[language.value]?.[0]?.query ?? "";
      view.put(empty("Press Run, or Ctrl+Enter."));
    },
  );
  const examples = h("div", { class: "ob-examples" });

  function offer() {
    const items = presets[language.value] ?? [];
    examples.replaceChildren(
      ...items.map((item) =>
        button(item.title, () => {
          box.value = item.query;
          return ask();
        }, { class: "ob-small-button ob-quiet" }),
      ),
    );
  }

  function ask() {
    const params = { language: language.value, query: box.value, last: last.value };
    return view.show(link.ask("query", params));
  }

  offer();
  view.put(empty("Press Run, or Ctrl+Enter. What you ask is part of the review."));
  return h(
    "div",
    { class: "ob-pane" },
    h("div", { class: "ob-controls" }, language, last, h("span", { class: "ob-space" }), run),
    box,
    examples,
    view.el,
  );
}

export function databaseTab(link) {
  const presets = link.get("page").sql ?? [];
  const view = screen(result);
  link.atEnd(() => view.close());
  const run = button("Run", () => ask(), { class: "ob-primary" });
  const box = editor("SQL", () => run.click(), presets[0]?.query ?? "", 3);
  const ask = () => view.show(link.ask("sql", { query: box.value }));
  const examples = presets.map((item) =>
    button(item.title, () => {
      box.value = item.query;
      return ask();
    }, { class: "ob-small-button ob-quiet" }),
  );
  view.put(empty("SQL is read only and stops after five seconds."));
  return h(
    "div",
    { class: "ob-pane" },
    h("div", { class: "ob-controls" }, h("div", { class: "ob-examples" }, examples), h("span", { class: "ob-space" }), run),
    box,
    view.el,
  );
}
