// Where Explore or the dashboards stand: loaded when first shown, plain tables where that fails.

import { loadBundle } from "./bundle.js";
import { h } from "./dom.js";

// `plain(reason)` returns what stands there in its place. Calls `explore(asked)` to lead elsewhere.
export function stage(link, { kind, asked = {}, plain, explore = () => {} }) {
  const el = h("div", { class: "ob-perses" });
  let view = null;
  let opening = null;
  let closed = false;
  let wanted = asked;

  async function open() {
    el.replaceChildren(h("p", { class: "ob-empty", role: "status" }, "Loading…"));
    try {
      const [bundle, boards] = await Promise.all([
        loadBundle(link, link.get("page").bundle),
        kind === "dashboards" ? link.ask("boards") : { ok: true },
      ]);
      if (!boards.ok) throw new Error(boards.error);
      if (closed) return;
      el.replaceChildren();
      view = bundle.open(el, link.ask, { kind, asked: wanted, boards: boards.data, explore });
    } catch (error) {
      if (closed) return;
      const reason = `Explore could not be loaded here: plain tables in its place. (${error.message})`;
      el.replaceChildren(h("p", { class: "ob-small", role: "status" }, reason), plain(wanted));
    }
  }

  link.atEnd(() => {
    closed = true;
    view?.close();
  });
  return {
    el,
    // Shows what is asked for, or what was seen last.
    show(next = null) {
      if (next) wanted = next;
      if (view && next) view.show(next);
      if (!view) opening ??= open().finally(() => (opening = null));
    },
  };
}
