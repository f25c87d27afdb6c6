// Briefing before, write-up during, review after: the prose of a run.

import { button, h, prose, setText, sign } from "./dom.js";
import { result, table } from "./table.js";

export function briefingTab(link) {
  const el = h("div", { class: "ob-pane ob-prose" });
  link.watch("page", (page) => {
    el.replaceChildren(...prose(page.briefing ?? []));
    if (!page.briefing?.length) el.append(h("p", { class: "ob-empty" }, "No scenario is open."));
  });
  return el;
}

export function writeupTab(link) {
  const form = h("div", { class: "ob-questions" });
  const said = h("p", { class: "ob-small", role: "status" });
  const text = h("textarea", { class: "ob-input ob-account", rows: 4, maxlength: 8000, "aria-label": "What happened, in your words" });
  text.addEventListener("keydown", (event) => event.stopPropagation());
  let shape = "";
  let facets = [];
  link.watch("writeup", (state) => {
    const wanted = JSON.stringify(state.questions ?? []);
    if (wanted === shape) return;
    shape = wanted;
    facets = (state.questions ?? []).map((question) => {
      const name = `ob-${question.facet}-${Math.random().toString(36).slice(2)}`;
      const options = question.options.map(([key, label]) => {
        const input = h("input", { type: "radio", name, value: key });
        return { key, input, el: h("label", { class: "ob-option" }, input, label) };
      });
      const el = h("fieldset", { class: "ob-question" }, h("legend", {}, question.text), options.map((item) => item.el));
      return { el, facet: question.facet, read: () => options.find((item) => item.input.checked)?.key };
    });
    form.replaceChildren(...facets.map((item) => item.el));
  });
  const save = button("Save write-up", async () => {
    const answers = {};
    for (const item of facets) {
      const key = item.read();
      if (key) answers[item.facet] = key;
    }
    const answer = await link.ask("writeup", { answers, text: text.value });
    setText(said, answer.ok ? "Saved. You can change it until the run ends." : answer.error);
  }, { class: "ob-primary" });
  return h(
    "div",
    { class: "ob-pane" },
    h("p", {}, "What was the cause? Answer what you know; the review compares it with what was set off."),
    form,
    h("label", { class: "ob-caption" }, "In your words: what happened, what you did, what should change"),
    text,
    h("div", { class: "ob-controls" }, save, said),
  );
}

function part(item) {
  if (item.kind === "chart") return result(item).el;
  if (item.kind === "prose") return h("div", { class: "ob-prose" }, prose(item.nodes));
  if (item.kind === "table") return table(item.columns, item.rows, item.note);
  if (item.kind === "figures") {
    return h("div", { class: "ob-figures ob-review-figures" }, item.items.map((one) =>
      h("div", { class: "ob-figure" }, h("span", { class: "ob-label" }, one.label), h("span", { class: "ob-value" }, one.value), h("span", { class: "ob-note" }, one.note ?? ""))));
  }
  if (item.kind === "timeline") {
    return h("ol", { class: "ob-timeline" }, item.items.map((one) =>
      h("li", { class: `ob-moment ob-kind-${one.kind}` }, h("time", { class: "ob-number" }, one.clock), h("span", { class: "ob-word" }, one.word), h("span", { class: "ob-text" }, one.text, one.detail?.length ? h("span", { class: "ob-small" }, ` (${one.detail.join("; ")})`) : null))));
  }
  return sign(item.sign);
}

export function reviewTab(link) {
  const el = h("div", { class: "ob-pane ob-review" });
  link.watch("review", (state) => {
    const parts = (state.parts ?? []).map((item) =>
      h("section", {}, item.title ? h("h3", { class: "ob-title" }, item.title) : null, part(item)),
    );
    el.replaceChildren(...parts);
    if (!parts.length) el.append(h("p", { class: "ob-empty" }, state.note ?? "The review opens when the run has ended."));
  });
  return el;
}
