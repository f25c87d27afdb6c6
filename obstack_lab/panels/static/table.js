// A table of plain cells, the answer of a query as chart or table, and a query's error.

import { LineChart, format } from "./chart.js";
import { h, localTime } from "./dom.js";

export function table(columns, rows, note = "") {
  const head = h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)));
  const body = rows.map((row) =>
    h("tr", {}, row.map((value) => h("td", { class: typeof value === "number" ? "ob-number" : null }, cellText(value)))),
  );
  return h(
    "div",
    { class: "ob-table-box" },
    h("table", { class: "ob-table" }, h("thead", {}, head), h("tbody", {}, body)),
    note ? h("p", { class: "ob-small" }, note) : null,
  );
}

function cellText(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "object") return value.at === undefined ? JSON.stringify(value) : localTime(value.at);
  return typeof value === "number" ? format(value, "") : String(value);
}

export function failure(answer) {
  return h(
    "div",
    { class: "ob-failure", role: "alert" },
    h("p", {}, answer.error ?? "The query failed."),
    answer.caret ? h("pre", { class: "ob-caret" }, answer.caret) : null,
  );
}

export function empty(text) {
  return h("p", { class: "ob-empty" }, text);
}

// The answer of a query: {kind: "chart" | "table" | "empty", …}; returns {el, close}.
export function result(data) {
  if (data.kind === "empty") return { el: empty(data.note ?? "Nothing found in this time."), close() {} };
  if (data.kind === "table") return { el: table(data.columns, data.rows, data.note), close() {} };
  const chart = new LineChart({ height: 190, unit: data.unit ?? "", label: data.title ?? "Query result" });
  chart.show({ times: data.times, lines: data.lines, marks: data.marks, summary: data.note ?? "" });
  const keys = data.lines.length === 1 && !data.note ? [] : data.lines.map((line, index) =>
    h(
      "li",
      {},
      h("i", { class: `ob-swatch ob-series-${index % 8}` }),
      h("span", { class: "ob-key-name" }, line.name),
      h("span", { class: "ob-number" }, format(line.values.findLast((v) => v !== null) ?? null, data.unit)),
    ),
  );
  const el = h(
    "div",
    {},
    chart.el,
    h("ul", { class: "ob-keys", "aria-label": "Series and their last value" }, keys),
    data.note ? h("p", { class: "ob-small" }, data.note) : null,
  );
  return { el, close: () => chart.close() };
}

// A place that shows one answer at a time: waiting, failure, or the drawing of the data.
export function screen(draw) {
  const el = h("div", { class: "ob-screen", "aria-live": "off" });
  let shown = null;
  const put = (node, close = () => {}) => {
    shown?.();
    shown = close;
    el.replaceChildren(node);
  };
  return {
    el,
    put,
    async show(promise) {
      el.setAttribute("aria-busy", "true");
      const answer = await promise;
      el.removeAttribute("aria-busy");
      if (!answer.ok) put(failure(answer));
      else {
        const drawn = draw(answer.data);
        put(drawn.el ?? drawn, drawn.close);
      }
      return answer;
    },
    close: () => shown?.(),
  };
}
