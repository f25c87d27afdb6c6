// Title, phase, clocks, severity, what to do next, and the three buttons of a run.

import { button, h, setText, sign, updateSign } from "./dom.js";

const SEVERITIES = [
  ["sev1", "sev1: most users cannot do what they came for"],
  ["sev2", "sev2: many users are affected"],
  ["sev3", "sev3: few users, or a slow start"],
  ["no incident", "no incident: users are well"],
];
const CALM = { word: "", shape: "", tone: "calm" };

export function headerBlock(link) {
  const title = h("h2", { class: "ob-run" });
  const phase = sign(CALM);
  phase.setAttribute("role", "status");
  const clock = h("span", { class: "ob-clock", title: "Time since the incident began" });
  const left = h("span", { class: "ob-remaining" });
  const severity = h("span", { class: "ob-severity" }, "Severity ", sign(CALM));
  const next = h("p", { class: "ob-next" });
  const fault = h("p", { class: "ob-fault", role: "alert", hidden: true });
  const drawer = h("div", { class: "ob-drawer", hidden: true });

  function say(answer) {
    fault.hidden = answer.ok;
    setText(fault, answer.ok ? "" : answer.error);
    return answer.ok;
  }

  function close() {
    drawer.hidden = true;
    drawer.replaceChildren();
  }

  function open(...children) {
    drawer.replaceChildren(...children, button("Cancel", close, { class: "ob-quiet" }));
    drawer.hidden = false;
    drawer.querySelector("button")?.focus();
  }

  async function run(verb, params) {
    const done = say(await link.ask(verb, params));
    if (done) close();
  }

  const start = button("Start incident", () => run("start"), { class: "ob-primary" });
  const declare = button("Declare…", () => {
    const choices = SEVERITIES.map(([key, text]) =>
      button(text, () => run("declare", { severity: key })),
    );
    open(h("span", {}, "How bad is it for the users?"), ...choices);
  });
  const finish = button("Finish", () => {
    open(
      h("span", {}, "Finish ends the run and opens the review. Your write-up is taken as saved."),
      button("End the run", () => run("finish"), { class: "ob-primary" }),
    );
  });

  link.watch("header", (state) => {
    setText(title, state.title ?? "");
    updateSign(phase, state.phase ?? CALM);
    phase.classList.add("ob-phase");
    setText(clock, state.clock ?? "");
    setText(left, state.left ?? "");
    severity.hidden = !state.declared;
    updateSign(severity.lastChild, state.severity ?? CALM);
    setText(next, state.next ?? "");
    const can = state.can ?? {};
    start.hidden = !can.start;
    declare.hidden = !can.declare;
    finish.hidden = !can.finish;
  });

  const offline = h("p", { class: "ob-offline", role: "status", hidden: true });
  link.watch("link", (state) => {
    offline.hidden = state.connected !== false;
    setText(offline, state.text ?? "");
    offline.title = state.why ?? "";
    for (const node of [start, declare, finish]) node.disabled = state.connected === false;
  });

  return h(
    "header",
    { class: "ob-header" },
    h(
      "div",
      { class: "ob-bar" },
      title,
      phase,
      clock,
      left,
      severity,
      h("span", { class: "ob-space" }),
      start,
      declare,
      finish,
    ),
    drawer,
    fault,
    offline,
    next,
  );
}
