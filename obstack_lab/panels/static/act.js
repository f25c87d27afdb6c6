// The toolkit: one form an action, grouped by service; what was before and after; the change log.

import { button, h, keyed, setText, titled } from "./dom.js";
import { feedRow } from "./sidebar.js";

function field(parameter) {
  const label = parameter.unit ? `${parameter.name} (${parameter.unit})` : parameter.name;
  const common = { class: "ob-input", "aria-label": label, title: parameter.description || null };
  let input;
  if (parameter.kind === "choice") {
    const choices = parameter.optional ? ["", ...parameter.choices] : parameter.choices;
    input = h("select", { ...common, class: "ob-select" }, choices.map((item) =>
      h("option", { value: item, selected: item === parameter.default }, item)));
  } else if (parameter.kind === "boolean") {
    input = h("input", { type: "checkbox", "aria-label": label, checked: parameter.default === true });
  } else {
    const numeric = parameter.kind === "integer" || parameter.kind === "number";
    input = h("input", {
      ...common,
      type: numeric ? "number" : "text",
      min: parameter.minimum,
      max: parameter.maximum,
      step: parameter.kind === "integer" ? 1 : "any",
      value: parameter.default ?? "",
    });
  }
  input.addEventListener("keydown", (event) => event.stopPropagation());
  const limits = parameter.minimum !== null && parameter.maximum !== null ? ` ${parameter.minimum} to ${parameter.maximum}` : "";
  const name = h("span", { class: "ob-field-name", title: `${label}${limits}. ${parameter.description}` }, label, h("span", { class: "ob-small" }, limits));
  const el = h("label", { class: "ob-field" }, name, input);
  const read = () => {
    if (parameter.kind === "boolean") return input.checked;
    if (parameter.kind === "integer" || parameter.kind === "number") {
      return input.value === "" ? undefined : Number(input.value);
    }
    return input.value === "" ? undefined : input.value;
  };
  const item = { el, name: parameter.name, read, initial: read() };
  // The system's value has changed: follow it, unless the learner is about to change it too.
  item.follow = (value) => {
    if (value === null || value === undefined) return;
    const touched = read() !== item.initial;
    if (!touched && parameter.kind === "boolean") input.checked = value === true;
    else if (!touched) input.value = value;
    if (!touched) item.initial = read();
  };
  return item;
}

// Of several settings only those that were changed are sent; a single one is always sent.
function chosen(fields) {
  const pairs = fields.map((item) => [item.name, item.read(), item.initial]);
  const wanted = fields.length > 1 && fields.every((item) => item.initial !== undefined)
    ? pairs.filter(([, value, initial]) => value !== initial)
    : pairs;
  return Object.fromEntries(wanted.filter(([, value]) => value !== undefined).map(([name, value]) => [name, value]));
}

// What was asked and what became of it stands above the buttons of its service.
function form(link, service, action, { confirm, outcome }) {
  const fields = action.parameters.map(field);

  async function run() {
    confirm.hidden = true;
    outcome.className = "ob-outcome";
    setText(outcome, "working…");
    const params = { ...chosen(fields), service };
    const answer = await link.ask("act", { action: action.action, params });
    outcome.className = `ob-outcome ob-${answer.ok ? "fine" : "bad"}`;
    setText(outcome, answer.ok ? `✔ ${answer.data.text}` : `✘ ${answer.error}`);
  }

  const press = button(action.title, () => {
    if (fields.length > 1 && fields.every((item) => item.initial !== undefined) && !Object.keys(chosen(fields)).length) {
      outcome.className = "ob-outcome";
      setText(outcome, "Change a value first.");
      return undefined;
    }
    if (!action.destructive) return run();
    confirm.replaceChildren(
      h("span", {}, action.destructive),
      button("Do it", run, { class: "ob-primary" }),
      button("Cancel", () => {
        confirm.hidden = true;
      }, { class: "ob-quiet" }),
    );
    confirm.hidden = false;
    confirm.querySelector("button").focus();
    return undefined;
  }, { title: action.description });
  const el = h(
    "form",
    { class: fields.length ? "ob-form ob-form-wide" : "ob-form", onsubmit: (event) => { event.preventDefault(); press.click(); } },
    h("div", { class: "ob-form-line" }, fields.length ? h("div", { class: "ob-fields-grid" }, fields.map((item) => item.el)) : null, press),
  );
  const update = (now) => {
    now.parameters.forEach((parameter, index) => fields[index].follow(parameter.default));
  };
  return { el, update };
}

// A form stays as long as its parameters are the same ones; their values may change.
function shapeOf(action) {
  const parameters = action.parameters.map(({ default: _, ...rest }) => rest);
  return JSON.stringify([action.action, action.destructive, parameters]);
}

function serviceForms(link) {
  return (group) => {
    const note = h("span", { class: "ob-small" });
    const body = h("div", { class: "ob-service-body" });
    const outcome = h("p", { class: "ob-outcome", role: "status" });
    const confirm = h("div", { class: "ob-confirm", hidden: true });
    const place = { confirm, outcome };
    const legend = h("legend", {}, group.service, note);
    const el = h("fieldset", { class: "ob-service-forms" }, legend, confirm, outcome, body);
    const update = (now) => {
      setText(note, now.note ?? "");
      keyed(body, simpleFirst(now.actions), shapeOf, (action) =>
        form(link, group.service, action, place),
      );
    };
    return { el, update };
  };
}

// Actions without parameters stand in one line, above the forms.
function simpleFirst(actions) {
  return [...actions].sort((a, b) => Number(a.parameters.length > 0) - Number(b.parameters.length > 0));
}

export function actBlock(link) {
  const forms = h("div", { class: "ob-forms" });
  const closed = h("p", { class: "ob-small" }, "The toolkit appears when a run is open.");
  const make = serviceForms(link);
  link.watch("act", (state) => {
    closed.hidden = (state.services ?? []).length > 0;
    keyed(forms, state.services ?? [], (group) => group.service, make);
  });
  const log = h("ul", { class: "ob-list ob-scroll" });
  const none = h("p", { class: "ob-small" }, "No changes yet.");
  link.watch("changes", (state) => {
    none.hidden = (state.items ?? []).length > 0;
    keyed(log, state.items ?? [], (item) => item.seq, feedRow);
  });
  const act = h("section", { class: "ob-block ob-act", "aria-label": "Act" }, closed, forms);
  const changes = titled("Change log", none, log);
  changes.classList.add("ob-changes");
  return h("div", { class: "ob-act-row" }, act, changes);
}
