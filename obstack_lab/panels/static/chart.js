// One line chart in SVG: fixed height, y from zero, gaps stay gaps, marks, hover, drag for a range.

import { h, localTime, setText, svg } from "./dom.js";

const LEFT = 38;
const RIGHT = 6;

export function format(value, unit) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (unit === "ratio") return `${trim(value * 100)}\u202f%`;
  if (unit === "seconds") {
    return value < 1 ? `${trim(value * 1000)}\u202fms` : `${trim(value)}\u202fs`;
  }
  if (Math.abs(value) >= 10_000) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  return trim(value);
}

function trim(value) {
  return value === 0 ? "0" : String(Number(value.toPrecision(3)).toLocaleString("en"));
}

// The next of 1, 2, 2.5, 5 × 10ⁿ at or above the value.
function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

// What several charts share: the moment under the pointer and the range that was dragged.
export class TimeAxis {
  constructor() {
    this.charts = new Set();
    this.range = null;
    this.onrange = () => {};
    this.onhover = () => {};
  }

  hover(at) {
    for (const chart of this.charts) chart.point(at);
    this.onhover(at);
  }

  select(range) {
    this.range = range;
    for (const chart of this.charts) chart.draw();
    this.onrange(range);
  }
}

export class LineChart {
  constructor({ height = 80, unit = "", top = 0, axis = null, label = "", times = true, head = 6 } = {}) {
    Object.assign(this, { height, unit, top, label, times, head });
    this.axis = axis ?? new TimeAxis();
    this.axis.charts.add(this);
    this.data = { times: [], lines: [], marks: [], summary: "" };
    this.bottom = times ? 16 : 4;
    this.plot = svg("svg", { class: "ob-plot", height, width: "100%", role: "img" });
    this.tip = h("div", { class: "ob-tip", hidden: true });
    this.el = h("div", { class: "ob-chart", style: `height:${height}px` }, this.plot, this.tip);
    // The width is told, not asked for at each refresh: asking would force a layout every time.
    this.width = 0;
    this.observer = new ResizeObserver(([entry]) => {
      this.width = entry.contentRect.width;
      this.draw();
    });
    this.observer.observe(this.el);
    this.listen();
  }

  close() {
    this.observer.disconnect();
    this.axis.charts.delete(this);
  }

  show(data) {
    this.data = { times: [], lines: [], marks: [], summary: "", ...data };
    this.draw();
  }

  span() {
    const { times } = this.data;
    return this.axis.range ?? [this.data.from ?? times[0] ?? 0, this.data.to ?? times.at(-1) ?? 1];
  }

  x(at) {
    const [from, to] = this.span();
    return LEFT + ((at - from) / (to - from || 1)) * (this.width - LEFT - RIGHT);
  }

  at(x) {
    const [from, to] = this.span();
    return from + ((x - LEFT) / (this.width - LEFT - RIGHT || 1)) * (to - from);
  }

  draw() {
    if (!this.width) return;
    const { times, lines, marks, summary } = this.data;
    const [from, to] = this.span();
    const seen = lines.flatMap((line) =>
      line.values.filter((value, i) => value !== null && times[i] >= from && times[i] <= to),
    );
    const high = this.top || ceiling(Math.max(0, ...seen));
    const y = (value) =>
      this.head + (1 - Math.min(value, high) / high) * (this.height - this.head - this.bottom);
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const level = y(high * share);
      parts.push(svg("line", { class: "ob-grid", x1: LEFT, x2: this.width - RIGHT, y1: level, y2: level }));
      if (share !== 0.5 || this.height > 70) {
        const text = { class: "ob-tick", x: LEFT - 4, y: level + 3, "text-anchor": "end" };
        parts.push(svg("text", text, format(high * share, this.unit)));
      }
    }
    if (this.times && times.length) parts.push(...this.timeTicks(from, to));
    if (!seen.length) {
      const middle = (this.width + LEFT) / 2;
      parts.push(svg("text", { class: "ob-tick", x: middle, y: this.height / 2, "text-anchor": "middle" }, "no data"));
    }
    const drawn = new Map();
    for (const mark of [...(marks ?? [])].sort((a, b) => a.at - b.at)) {
      if (mark.at < from || mark.at > to) continue;
      const x = this.x(mark.at);
      // Forty alerts within a minute are one line, not a wall; hovering names them all.
      if (x - (drawn.get(mark.kind) ?? -10) < 4) continue;
      drawn.set(mark.kind, x);
      const line = svg("line", { class: `ob-mark ob-mark-${mark.kind}`, x1: x, x2: x, y1: this.head, y2: this.height - this.bottom });
      parts.push(line);
    }
    lines.forEach((line, index) => {
      const path = svg("path", { class: `ob-line-path ob-series-${line.tone ?? index % 8}`, d: this.path(line.values, y) });
      parts.push(path);
    });
    this.cursor = svg("line", { class: "ob-cursor", y1: this.head, y2: this.height - this.bottom, visibility: "hidden" });
    this.brush = svg("rect", { class: "ob-brush", y: this.head, height: this.height - this.head - this.bottom, visibility: "hidden" });
    this.plot.replaceChildren(...parts, this.brush, this.cursor);
    this.plot.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.plot.setAttribute("aria-label", `${this.label}. ${summary}`);
  }

  path(values, y) {
    const [from, to] = this.span();
    const { times } = this.data;
    const points = [];
    let pen = "M";
    values.forEach((value, index) => {
      if (value === null || times[index] < from || times[index] > to) {
        pen = "M";
        return;
      }
      const x = this.x(times[index]).toFixed(1);
      points.push(`${pen}${x},${y(value).toFixed(1)}`);
      // A point between two gaps is shown as a dot.
      if (pen === "M" && (values[index + 1] ?? null) === null) points.push("h0.1");
      pen = "L";
    });
    return points.join("");
  }

  timeTicks(from, to) {
    const room = Math.max(1, Math.floor((this.width - LEFT) / 76));
    const step = [15, 30, 60, 120, 300, 600, 1800, 3600].find((s) => (to - from) / s <= room) ?? 7200;
    const ticks = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const x = this.x(at);
      if (x > this.width - 24 || x < LEFT + 12) continue;
      const place = { class: "ob-tick", x, y: this.height - 3, "text-anchor": "middle" };
      ticks.push(svg("text", place, localTime(at, step < 60)));
    }
    return ticks;
  }

  nearest(at) {
    const { times } = this.data;
    let best = -1;
    times.forEach((time, index) => {
      if (best < 0 || Math.abs(time - at) < Math.abs(times[best] - at)) best = index;
    });
    return best;
  }

  point(at) {
    if (!this.cursor) return;
    const index = at === null ? -1 : this.nearest(at);
    this.cursor.setAttribute("visibility", index < 0 ? "hidden" : "visible");
    if (index < 0) {
      this.tip.hidden = true;
      return;
    }
    const { times, lines, marks } = this.data;
    const x = this.x(times[index]);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    const close = (marks ?? []).filter((mark) => Math.abs(this.x(mark.at) - x) < 5);
    const texts = [
      localTime(times[index]),
      ...lines.slice(0, 8).map((line) =>
        lines.length > 1
          ? `${line.name}: ${format(line.values[index], this.unit)}`
          : format(line.values[index], this.unit),
      ),
      ...close.map((mark) => mark.text),
    ];
    setText(this.tip, texts.join("\n"));
    this.tip.hidden = false;
    const right = x > this.width / 2;
    this.tip.style.left = right ? "auto" : `${x + 8}px`;
    this.tip.style.right = right ? `${this.width - x + 8}px` : "auto";
  }

  listen() {
    let begun = null;
    const place = (event) => event.clientX - this.plot.getBoundingClientRect().left;
    this.plot.addEventListener("pointermove", (event) => {
      if (begun === null) {
        this.axis.hover(this.at(place(event)));
        return;
      }
      const [a, b] = [begun, place(event)].sort((p, q) => p - q);
      this.brush.setAttribute("x", a);
      this.brush.setAttribute("width", b - a);
      this.brush.setAttribute("visibility", "visible");
    });
    this.plot.addEventListener("pointerleave", () => this.axis.hover(null));
    this.plot.addEventListener("pointerdown", (event) => {
      begun = place(event);
      this.plot.setPointerCapture(event.pointerId);
    });
    this.plot.addEventListener("pointerup", (event) => {
      const [a, b] = [begun ?? 0, place(event)].sort((p, q) => p - q);
      begun = null;
      this.brush?.setAttribute("visibility", "hidden");
      if (b - a > 6) this.axis.select([this.at(a), this.at(b)]);
    });
    this.plot.addEventListener("dblclick", () => this.axis.select(null));
  }
}
