// Traces: a search with plain choices, and one trace as a waterfall.

import { button, h, localTime } from "./dom.js";
import { select } from "./query.js";
import { services } from "./logs.js";
import { empty, screen } from "./table.js";

const SLOWER = [["", "any duration"], ["500ms", "over 500 ms"], ["1s", "over 1 s"], ["2s", "over 2 s"]];

export function tracesTab(link, observe) {
  let range = null;
  const service = select("Service", services(link));
  const slower = select("Duration", SLOWER, "");
  const status = select("Status", [["", "any status"], ["error", "errors"]], "");
  const number = h("input", { class: "ob-input", type: "search", placeholder: "trace id", "aria-label": "Trace id" });
  number.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") run.click();
  });
  const span = h("span", { class: "ob-small" }, "last 15 minutes");
  const asked = h("code", { class: "ob-asked" });
  const view = screen((data) => {
    asked.textContent = data.query ?? "";
    if (data.spans) return waterfall(data, observe);
    return data.traces.length ? found(data, open) : empty("No trace matches in this time.");
  });
  const run = button("Show", () => (number.value.trim() ? open(number.value.trim()) : search()), { class: "ob-primary" });

  const search = () =>
    view.show(
      link.ask("traces", { service: service.value, slower: slower.value, status: status.value, ...range }),
    );
  const open = (trace) => view.show(link.ask("trace", { trace }));

  view.put(empty("A trace is one request on its way through all services. Press Show for recent ones."));
  const el = h(
    "div",
    { class: "ob-pane" },
    h("div", { class: "ob-controls" }, service, slower, status, number, span, h("span", { class: "ob-space" }), run),
    asked,
    view.el,
  );
  return {
    el,
    trace(id) {
      number.value = id;
      return open(id);
    },
    open(where = {}) {
      number.value = "";
      if (where.service) service.value = where.service;
      range = where.from ? { from: where.from, to: where.to } : null;
      span.textContent = range ? `${localTime(range.from)} – ${localTime(range.to)}` : "last 15 minutes";
      run.click();
    },
  };
}

function found(data, open) {
  const longest = Math.max(...data.traces.map((item) => item.seconds), 1e-9);
  const rows = data.traces.map((item) =>
    h(
      "tr",
      {},
      h("td", { class: "ob-nowrap" }, localTime(item.at)),
      h("td", {}, h("button", { type: "button", class: "ob-disclose", onclick: () => open(item.trace) }, `${item.error ? "✘ " : ""}${item.name}`)),
      h("td", {}, item.service),
      h("td", { class: "ob-number" }, item.duration),
      h("td", { class: "ob-bar-cell" }, h("i", { class: "ob-bar-fill", style: `width:${(item.seconds / longest) * 100}%` })),
    ),
  );
  const head = h("tr", {}, ["time", "request", "service", "duration", ""].map((name) => h("th", { scope: "col" }, name)));
  return h(
    "div",
    { class: "ob-table-box" },
    h("table", { class: "ob-table" }, h("thead", {}, head), h("tbody", {}, rows)),
    h("p", { class: "ob-small" }, data.note),
  );
}

function waterfall(data, observe) {
  const hues = new Map(data.services.map((name, index) => [name, index % 8]));
  const rows = data.spans.map((span) => {
    const detail = h("div", { class: "ob-span-detail", hidden: true });
    const toggle = h(
      "button",
      {
        type: "button",
        class: "ob-disclose",
        "aria-expanded": "false",
        onclick: () => {
          detail.hidden = !detail.hidden;
          toggle.setAttribute("aria-expanded", String(!detail.hidden));
          if (!detail.firstChild) detail.append(attributes(span));
        },
      },
      `${span.error ? "✘ " : ""}${span.count > 1 ? `${span.count} × ` : ""}${span.name}`,
    );
    const left = span.start * 100;
    const bar = h("i", {
      class: `ob-span-bar ob-hue-${hues.get(span.service)} ${span.critical ? "ob-critical" : ""} ${span.error ? "ob-span-error" : ""}`,
      style: `left:${left}%;width:max(2px,${span.width * 100}%)`,
    });
    const end = left + span.width * 100;
    const label = h("span", { class: "ob-span-time", style: end > 72 ? `right:${100 - left + 0.5}%` : `left:${end + 0.5}%` }, span.duration);
    const row = h(
      "div",
      { class: "ob-span", title: `${span.service}: ${span.duration}, of it ${span.self} its own` },
      h(
        "div",
        { class: "ob-span-name", style: `padding-left:${span.depth * 12}px` },
        h("i", { class: `ob-stripe ob-hue-${hues.get(span.service)}` }),
        h("span", { class: "ob-span-service" }, span.service),
        toggle,
      ),
      h("div", { class: "ob-span-track" }, bar, label),
    );
    return h("div", {}, row, detail);
  });
  const legend = data.services.map((name) =>
    h("span", { class: "ob-key" }, h("i", { class: `ob-swatch ob-hue-${hues.get(name)}` }), name),
  );
  return h(
    "div",
    { class: "ob-waterfall" },
    h(
      "div",
      { class: "ob-controls" },
      h("strong", {}, data.title),
      h("span", { class: "ob-small" }, data.note),
      h("span", { class: "ob-space" }),
      button("Logs of this time", () => observe.logs({ from: data.from, to: data.to }), { class: "ob-small-button" }),
    ),
    h("p", { class: "ob-small ob-legend" }, legend, h("span", {}, "darker: the path that the answer waited for")),
    rows,
  );
}

function attributes(span) {
  return h("dl", { class: "ob-fields" }, span.attributes.map(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]));
}
