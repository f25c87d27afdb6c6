// Criteria with verdicts, alerts to acknowledge, the feed, and a line for a hypothesis.

import { button, h, keyed, localTime, setText, sign, titled, updateSign } from "./dom.js";

function criterionRow(item) {
  const verdict = sign(item.sign);
  const value = h("span", { class: "ob-number" });
  const goal = h("span", { class: "ob-small" });
  const reason = h("p", { class: "ob-small ob-reason" });
  const bar = h("i", { class: "ob-hold-fill" });
  const hold = h("div", { class: "ob-hold", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, bar);
  const el = h(
    "li",
    { class: "ob-criterion" },
    h("div", { class: "ob-line" }, h("span", { class: "ob-grow" }, item.title), verdict),
    h("div", { class: "ob-line" }, value, goal, h("span", { class: "ob-space" })),
    hold,
    reason,
  );
  const update = (now) => {
    updateSign(verdict, now.sign);
    setText(value, now.value);
    setText(goal, `target: ${now.target}`);
    bar.style.width = `${now.done * 100}%`;
    bar.className = `ob-hold-fill ob-fill-${now.sign.tone}`;
    hold.setAttribute("aria-valuenow", Math.round(now.done * 100));
    hold.setAttribute("aria-label", now.held);
    hold.title = now.held;
    setText(reason, now.reason ?? "");
    reason.hidden = !now.reason;
  };
  return { el, update };
}

function alertRow(link, observe) {
  return (item) => {
    const verdict = sign(item.sign);
    const state = h("span", { class: "ob-small" });
    const summary = h("p", { class: "ob-alert-text" });
    const heard = button("Acknowledge", () => link.ask("acknowledge", { alert: item.id }), { class: "ob-small-button" });
    const el = h(
      "li",
      { class: "ob-alert", title: item.labels },
      h("div", { class: "ob-line" }, verdict, h("strong", { class: "ob-grow" }, item.name), state),
      summary,
      h(
        "div",
        { class: "ob-line" },
        heard,
        button("Logs", () => observe.logs({ service: item.service }), { class: "ob-small-button ob-quiet" }),
        button("Traces", () => observe.traces({ service: item.service }), { class: "ob-small-button ob-quiet" }),
        button("Metrics", () => observe.explore(metricsOf(item.service)), { class: "ob-small-button ob-quiet" }),
      ),
    );
    const update = (now) => {
      updateSign(verdict, now.sign);
      setText(state, alertState(now));
      setText(summary, now.summary);
      heard.hidden = !now.open;
      el.classList.toggle("ob-alert-over", now.state === "resolved");
    };
    return { el, update };
  };
}

// The requests of a service by status, or of all of them.
function metricsOf(service) {
  const matcher = service ? `{service_name=${JSON.stringify(service)}}` : "";
  const query = `sum by (service_name, http_response_status_code) (rate(http_server_request_duration_seconds_count${matcher}[30s]))`;
  return { signal: "metrics", query };
}

function alertState(item) {
  if (item.state === "resolved") return "is over";
  return item.acknowledged ? `acknowledged, ${item.state}` : `${item.state}, ${item.since}`;
}

// Words between backticks are code.
function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

export function feedRow(item, observe = null) {
  const leads = item.kind === "hint" && observe;
  const el = h(
    "li",
    { class: `ob-entry ob-kind-${item.kind}` },
    h(
      "div",
      { class: "ob-line ob-small" },
      h("span", { class: "ob-word" }, item.word),
      item.sender && item.sender !== item.word ? h("span", { class: "ob-grow ob-cut" }, item.sender) : h("span", { class: "ob-grow" }),
      h("time", { class: "ob-number", title: localTime(item.at) }, item.clock || localTime(item.at)),
    ),
    h("p", { class: "ob-text" }, withCode(item.text)),
    leads ? button("Explore", () => observe.explore(null), { class: "ob-small-button ob-quiet" }) : null,
  );
  return { el };
}

export function sidebarBlock(link, observe) {
  const criteria = h("ul", { class: "ob-list", "aria-live": "polite" });
  const none = h("p", { class: "ob-small" }, "The criteria appear when a run is open.");
  link.watch("criteria", (state) => {
    const items = state.items ?? [];
    none.hidden = items.length > 0;
    keyed(criteria, items, (item) => item.id, criterionRow);
  });

  const alerts = h("ul", { class: "ob-list ob-scroll", "aria-live": "polite" });
  const firing = h("span", { class: "ob-small" });
  const alertBlock = titled("Alerts", alerts);
  alertBlock.classList.add("ob-alerts");
  alertBlock.firstChild.append(firing);
  const makeAlert = alertRow(link, observe);
  link.watch("alerts", (state) => {
    setText(firing, state.summary ?? "");
    keyed(alerts, state.items ?? [], (item) => item.id, makeAlert);
    alerts.hidden = !(state.items ?? []).length;
  });

  const feed = h("ul", { class: "ob-list ob-scroll", "aria-live": "polite", "aria-relevant": "additions" });
  const quiet = h("p", { class: "ob-small" }, "Messages and hints come here, newest first.");
  link.watch("feed", (state) => {
    const items = state.items ?? [];
    quiet.hidden = items.length > 0;
    keyed(feed, items, (item) => item.seq, (item) => feedRow(item, observe));
  });
  const offer = h("div", { class: "ob-confirm", hidden: true });
  const hint = button("Ask for a hint", async () => {
    const price = await link.ask("hintprice");
    const drop = () => {
      offer.hidden = true;
    };
    const take = async () => {
      drop();
      const answer = await link.ask("hint");
      if (!answer.ok) setText(fault, answer.error);
    };
    offer.replaceChildren(
      h("span", {}, price.ok ? `The next hint costs ${price.data.cost} points.` : price.error),
      price.ok ? button("Take it", take, { class: "ob-small-button" }) : "",
      button(price.ok ? "Not now" : "Close", drop, { class: "ob-small-button ob-quiet" }),
    );
    offer.hidden = false;
  }, { class: "ob-small-button ob-quiet" });
  link.watch("header", (state) => {
    hint.hidden = !state.live;
  });
  const feedBlock = titled("Feed", offer, quiet, feed);
  feedBlock.classList.add("ob-feed");
  feedBlock.firstChild.append(hint);

  const fault = h("p", { class: "ob-small", role: "status" });
  const line = h("input", {
    class: "ob-input ob-grow",
    placeholder: "I think that…",
    maxlength: 4000,
    "aria-label": "Note: a hypothesis or an observation",
  });
  const keep = button("Note", async () => {
    if (!line.value.trim()) return;
    const answer = await link.ask("note", { text: line.value.trim() });
    setText(fault, answer.ok ? "" : answer.error);
    if (answer.ok) line.value = "";
  });
  line.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") keep.click();
  });
  const notes = h("div", { class: "ob-block ob-notes" }, h("div", { class: "ob-line" }, line, keep), fault);
  const criteriaBlock = titled("Criteria", none, criteria);
  criteriaBlock.classList.add("ob-criteria");
  return [criteriaBlock, alertBlock, feedBlock, notes];
}
