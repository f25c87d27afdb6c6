// Stands in for a front end: a model with the blocks, answers from a table, what was sent kept.
async ({ script, style, blocks, answers, theme }) => {
  document.body.dataset.jpThemeLight = String(theme !== "dark");
  const css = document.createElement("style");
  css.textContent = style;
  document.head.append(css);
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { default: desk } = await import(address);
  const listeners = new Map();
  const emit = (event, value) => (listeners.get(event) ?? []).forEach((call) => call(value));
  window.sent = [];
  window.model = {
    get: (name) => blocks[name],
    on: (event, call) => listeners.set(event, [...(listeners.get(event) ?? []), call]),
    off: (event, call) => listeners.set(event, (listeners.get(event) ?? []).filter((c) => c !== call)),
    send: (message) => {
      for (const each of message.asks ?? [message]) {
        window.sent.push(each);
        const answer = answers[each.verb];
        if (each.id && answer) setTimeout(() => emit("msg:custom", { id: each.id, ...answer }), 20);
      }
    },
    put: (name, value) => {
      blocks[name] = value;
      emit(`change:${name}`);
    },
    listeners: () => [...listeners.values()].reduce((sum, calls) => sum + calls.length, 0),
  };
  window.dispose = desk.render({ model: window.model, el: document.querySelector("#desk") });
}
