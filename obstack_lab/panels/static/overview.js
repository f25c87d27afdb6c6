// Rate, errors and duration of each service on one time axis, with changes and alerts as marks.

import { LineChart, TimeAxis, format } from "./chart.js";
import { button, h, keyed, localTime, setText } from "./dom.js";

const HEIGHT = { notebook: 84, page: 128 };

export function overviewTab(link, observe) {
  const height = HEIGHT[link.get("page").mode] ?? HEIGHT.notebook;
  const axis = new TimeAxis();
  const columns = h("div", { class: "ob-red-head", "aria-hidden": "true" });
  const rows = h("div", { class: "ob-red-rows" });
  const note = h("p", { class: "ob-small" });
  const range = h("div", { class: "ob-range", hidden: true });
  const legend = h("p", { class: "ob-small ob-legend" });

  function cell(column, last) {
    const value = h("span", { class: "ob-now" });
    const chart = new LineChart({ height: last ? height + 12 : height, unit: column.unit, axis, times: last, head: 18, label: column.title });
    const el = h("div", { class: "ob-cell" }, value, chart.el);
    const update = (service, state) => {
      const values = service.values[column.id] ?? [];
      const latest = values.findLast((item) => item !== null);
      const text = format(latest ?? null, column.unit);
      setText(value, text);
      const summary = `${service.name}: ${text} now`;
      const lines = [{ name: column.title, values }];
      chart.show({ times: state.times, from: state.from, to: state.to, marks: state.marks, lines, summary });
    };
    return { el, update, close: () => chart.close() };
  }

  function row(service, columnsNow, last) {
    const cells = columnsNow.map((column) => cell(column, last));
    const el = h("div", { class: "ob-red-row" }, h("h4", { class: "ob-service" }, service.name), ...cells.map((item) => item.el));
    const update = ({ service: now, state }) => cells.forEach((item) => item.update(now, state));
    return { el, update, close: () => cells.forEach((item) => item.close()) };
  }

  let shape = "";
  let open = [];
  link.watch("charts", (state) => {
    const services = state.services ?? [];
    const columnsNow = state.columns ?? [];
    const wanted = JSON.stringify([services.map((item) => item.name), columnsNow]);
    if (wanted !== shape) {
      shape = wanted;
      for (const item of open) item.close();
      columns.replaceChildren(h("span", {}), ...columnsNow.map((item) => h("span", {}, item.title)));
      open = services.map((service, index) => row(service, columnsNow, index === services.length - 1));
      rows.replaceChildren(...open.map((item) => item.el));
    }
    services.forEach((service, index) => open[index].update({ service, state }));
    setText(note, state.note ?? (services.length ? "" : "No data yet. The first points come a few seconds after the start."));
    note.hidden = !note.textContent;
    const kinds = new Set((state.marks ?? []).map((mark) => mark.kind));
    keyed(legend, [...kinds], (kind) => kind, (kind) => ({
      el: h("span", { class: "ob-key" }, h("i", { class: `ob-swatch ob-mark-${kind}` }), MARKS[kind] ?? kind),
    }));
  });
  link.atEnd(() => open.forEach((item) => item.close()));

  axis.onrange = (chosen) => {
    range.hidden = chosen === null;
    if (chosen === null) return;
    const [from, to] = chosen;
    range.replaceChildren(
      h("span", {}, `${localTime(from)} – ${localTime(to)}`),
      button("Logs here", () => observe.logs({ from, to }), { class: "ob-small-button" }),
      button("Traces here", () => observe.traces({ from, to }), { class: "ob-small-button" }),
      button("Back to the last 15 minutes", () => axis.select(null), { class: "ob-small-button ob-quiet" }),
    );
  };
  return h("div", { class: "ob-overview" }, range, columns, rows, note, legend);
}

const MARKS = { change: "change", alert: "alert", action: "your action", start: "incident began" };
