// Elements without HTML strings: all that is shown goes through text nodes and attributes.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

// Sets text only where it differs, so that a selection or a reader is not disturbed.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Keeps one element per key: makes new ones, updates the old, drops the rest, holds the order.
export function keyed(parent, items, keyOf, make) {
  const known = parent.keyedChildren ?? new Map();
  const next = new Map();
  let before = parent.firstChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const row = known.get(key) ?? make(item);
    row.update?.(item);
    next.set(key, row);
    if (row.el === before) before = before.nextSibling;
    else parent.insertBefore(row.el, before);
  }
  for (const [key, row] of known) if (!next.has(key)) row.el.remove();
  parent.keyedChildren = next;
}

// A state as shape and word in its tone.
export function sign(item) {
  return h(
    "span",
    { class: `ob-sign ob-${item.tone}` },
    h("span", { class: "ob-shape", "aria-hidden": "true" }, item.shape),
    h("span", {}, item.word),
  );
}

export function updateSign(node, item) {
  node.className = `ob-sign ob-${item.tone}`;
  setText(node.firstChild, item.shape);
  setText(node.lastChild, item.word);
}

// The nodes of a Markdown text, as prose.py sends them: text, or [tag, ...children].
const PROSE = new Set(
  "p h1 h2 h3 h4 ul ol li strong em code pre blockquote hr br table thead tbody tr th td".split(" "),
);

export function prose(nodes) {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    const [tag, ...children] = node;
    return h(PROSE.has(tag) ? tag : "span", {}, ...prose(children));
  });
}

export function localTime(at, seconds = true) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (seconds) options.second = "2-digit";
  return new Date(at * 1000).toLocaleTimeString(undefined, options);
}

// A button that shows at once that it was heard and cannot be pressed twice.
export function button(label, action, props = {}) {
  const node = h("button", { type: "button", ...props, class: `ob-button ${props.class ?? ""}` }, label);
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    try {
      await action(node);
    } finally {
      node.removeAttribute("aria-busy");
    }
  });
  return node;
}

export function titled(label, ...children) {
  const head = h("h3", { class: "ob-title" }, label);
  return h("section", { class: "ob-block", "aria-label": label }, head, ...children);
}
