// The log table: choose service and level, filter by a word, open a line, jump to its trace.

import { button, h, localTime } from "./dom.js";
import { select } from "./query.js";
import { empty, screen } from "./table.js";

export function logsTab(link, observe) {
  let range = null;
  const service = select("Service", services(link));
  const level = select("Level", [["", "all levels"], ["error", "errors"], ["warning", "warnings and worse"]], "");
  const word = h("input", { class: "ob-input", type: "search", placeholder: "contains…", "aria-label": "Lines that contain" });
  word.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") run.click();
  });
  const span = h("span", { class: "ob-small" }, "last 15 minutes");
  const asked = h("code", { class: "ob-asked" });
  const view = screen((data) => {
    asked.textContent = data.query;
    return data.lines.length ? lines(data, observe) : empty("No line matches in this time.");
  });
  const run = button("Show", () => ask(), { class: "ob-primary" });

  function ask() {
    const params = { service: service.value, level: level.value, word: word.value, ...range };
    return view.show(link.ask("logs", params));
  }

  view.put(empty("Choose a service and press Show. The LogQL behind it stands above the lines."));
  const el = h(
    "div",
    { class: "ob-pane" },
    h("div", { class: "ob-controls" }, service, level, word, span, h("span", { class: "ob-space" }), run),
    asked,
    view.el,
  );
  return {
    el,
    open(where = {}) {
      if (where.service) service.value = where.service;
      range = where.from ? { from: where.from, to: where.to } : null;
      span.textContent = range ? `${localTime(range.from)} – ${localTime(range.to)}` : "last 15 minutes";
      run.click();
    },
  };
}

export function services(link) {
  return [["", "all services"], ...(link.get("page").services ?? [])];
}

function lines(data, observe) {
  const rows = data.lines.map((line) => {
    const detail = h("tr", { class: "ob-detail", hidden: true });
    const toggle = h(
      "button",
      { type: "button", class: "ob-disclose", "aria-expanded": "false", onclick: () => open() },
      line.message,
    );
    function open() {
      const now = detail.hidden;
      detail.hidden = !now;
      toggle.setAttribute("aria-expanded", String(now));
      if (now && !detail.firstChild) detail.append(h("td", { colspan: 4 }, fields(line, observe)));
    }
    const row = h(
      "tr",
      { class: `ob-log ob-log-${line.level}` },
      h("td", { class: "ob-nowrap" }, localTime(line.at)),
      h("td", {}, line.service),
      h("td", { class: "ob-level" }, LEVELS[line.level] ?? line.level),
      h("td", { class: "ob-message" }, toggle),
    );
    return [row, detail];
  });
  const head = h("tr", {}, ["time", "service", "level", "message"].map((name) => h("th", { scope: "col" }, name)));
  return h(
    "div",
    { class: "ob-table-box" },
    h("table", { class: "ob-table ob-logs" }, h("thead", {}, head), h("tbody", {}, rows)),
    h("p", { class: "ob-small" }, data.note),
  );
}

const LEVELS = { error: "✘ error", critical: "✘ critical", warning: "◆ warning", info: "info", debug: "debug" };

function fields(line, observe) {
  const pairs = line.fields.map(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]);
  return h(
    "div",
    {},
    h("dl", { class: "ob-fields" }, pairs),
    line.trace
      ? button("Open its trace", () => observe.trace(line.trace), { class: "ob-small-button" })
      : null,
  );
}
