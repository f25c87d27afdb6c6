// What the users see: figures, the share answered well by the second, one tile a user.

import { h, keyed, setText, titled } from "./dom.js";
import { LineChart } from "./chart.js";

const ARROWS = { falling: "▼", rising: "▲" };
const WORDS = { falling: "falling", rising: "rising" };

function figure(item) {
  const value = h("span", { class: "ob-value" });
  const trend = h("span", { class: "ob-trend" });
  const note = h("span", { class: "ob-note" });
  const el = h(
    "div",
    { class: "ob-figure" },
    h("span", { class: "ob-label" }, item.label),
    h("span", { class: "ob-amount" }, value, trend),
    note,
  );
  const update = (now) => {
    el.className = now.lead ? "ob-figure ob-lead" : "ob-figure";
    setText(value, now.value);
    value.className = `ob-value ob-${now.tone || "plain"}`;
    setText(trend, ARROWS[now.trend] ?? "");
    trend.title = WORDS[now.trend] ?? "";
    setText(note, now.note ?? "");
    el.title = now.why ?? "";
  };
  return { el, update };
}

// One canvas for all users: 400 tiles are one element, not 400.
function grid() {
  const canvas = h("canvas", { class: "ob-tiles", role: "img" });
  let state = { last: "", lost: [], names: [] };
  let columns = 1;
  let pitch = 9;
  let width = 0;

  function draw() {
    if (!width) return;
    const total = state.last.length;
    pitch = total > 1500 ? 5 : total > 600 ? 7 : 9;
    columns = Math.max(1, Math.floor(width / pitch));
    const height = Math.max(1, Math.ceil(total / columns)) * pitch;
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const style = getComputedStyle(canvas);
    const paint = canvas.getContext("2d");
    const color = {
      g: style.getPropertyValue("--ob-tile-good"),
      l: style.getPropertyValue("--ob-bad-fill"),
      n: style.getPropertyValue("--ob-line"),
    };
    const size = pitch - 2;
    paint.scale(ratio, ratio);
    for (let index = 0; index < total; index += 1) {
      const kind = state.last[index];
      const x = (index % columns) * pitch;
      const y = Math.floor(index / columns) * pitch;
      paint.fillStyle = paint.strokeStyle = color[kind];
      if (kind === "n") paint.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
      else if (kind === "g") paint.fillRect(x, y, size, size);
      else {
        // A lost request is a cross as well as a colour.
        paint.fillRect(x, y, size, size);
        paint.strokeStyle = style.getPropertyValue("--ob-paper");
        paint.beginPath();
        paint.moveTo(x + 1.5, y + 1.5);
        paint.lineTo(x + size - 1.5, y + size - 1.5);
        paint.moveTo(x + size - 1.5, y + 1.5);
        paint.lineTo(x + 1.5, y + size - 1.5);
        paint.stroke();
      }
    }
  }

  canvas.addEventListener("pointermove", (event) => {
    const column = Math.floor(event.offsetX / pitch);
    const index = Math.floor(event.offsetY / pitch) * columns + column;
    const name = column < columns ? state.names[index] : undefined;
    const lost = state.lost[index] ?? 0;
    canvas.title = name ? `${name}: ${lost} ${lost === 1 ? "request" : "requests"} lost` : "";
  });

  return {
    canvas,
    resize(next) {
      if (next === width) return;
      width = next;
      draw();
    },
    update(next) {
      state = { last: "", lost: [], names: [], ...next };
      canvas.setAttribute("aria-label", next.summary ?? "");
      draw();
    },
  };
}

export function usersBlock(link) {
  const figures = h("div", { class: "ob-figures" });
  const chart = new LineChart({ height: link.get("page").mode === "page" ? 96 : 54, unit: "ratio", top: 1, label: "Share answered well" });
  const people = grid();
  const summary = h("p", { class: "ob-small" });
  link.watch("users", (state) => {
    keyed(figures, state.figures ?? [], (item) => item.label, figure);
    const series = state.series ?? [];
    chart.show({
      times: series.map(([at]) => at),
      lines: [{ name: "answered well", values: series.map(([, ratio]) => ratio) }],
      summary: state.summary ?? "",
    });
  });
  link.watch("tiles", (state) => {
    people.update(state);
    setText(summary, state.summary ?? "");
  });
  const observer = new ResizeObserver(([entry]) => people.resize(entry.contentRect.width));
  observer.observe(people.canvas);
  link.atEnd(() => observer.disconnect());
  link.atEnd(() => chart.close());
  return titled(
    "Users",
    figures,
    h("p", { class: "ob-caption" }, "Requests answered well, last 5 minutes"),
    chart.el,
    h("p", { class: "ob-caption" }, "One tile a user, last request"),
    people.canvas,
    summary,
  );
}
