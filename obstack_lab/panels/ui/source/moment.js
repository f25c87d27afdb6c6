// Times: nanoseconds are text, for a JavaScript number cannot hold them.

export function nanoseconds(date) {
  return `${date.getTime()}000000`;
}

export function clock(date, digits = 0) {
  const pad = (value, width = 2) => String(value).padStart(width, "0");
  const whole = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return digits ? `${whole}.${pad(date.getMilliseconds(), 3)}` : whole;
}

// Local time of a moment in nanoseconds: to the millisecond, or with all its digits.
export function lineTime(nanos, whole = false) {
  const date = new Date(Number(nanos.slice(0, -6)));
  if (!whole) return clock(date, 3);
  const day = `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
  return `${day} ${clock(date)}.${nanos.slice(-9)}`;
}

// A range around two moments in milliseconds, wide enough for what belongs to them.
export function around(from, to = from, margin = 60_000) {
  return { start: new Date(from - margin), end: new Date(to + margin) };
}

export function rangeText(range) {
  if (range.pastDuration) return `the last ${range.pastDuration}`;
  return `${clock(range.start)} – ${clock(range.end)}`;
}
