// Stands in for a front end: one or more Explore widgets whose line leads to `window.labAsk`.
async ({ script, style, packed, pages, theme }) => {
  document.body.dataset.jpThemeLight = String(theme !== "dark");
  const css = document.createElement("style");
  css.textContent = style;
  document.head.append(css);
  const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  window.bundles = 0;

  window.openWidget = (page) => {
    const listeners = [];
    const emit = (...told) => listeners.forEach((call) => call(...told));
    const answer = async ({ id, verb, params }) => {
      if (verb === "here") return;
      if (verb === "bundle") {
        window.bundles += 1;
        emit({ id, ok: bytes.length > 0, error: "no bundle" }, [new DataView(bytes.buffer)]);
        return;
      }
      const { text, ...told } = await window.labAsk(verb, params ?? {});
      emit({ ...told, id }, text === null ? [] : [new TextEncoder().encode(text)]);
    };
    const model = {
      get: (name) => (name === "page" ? page : undefined),
      on: (event, call) => event === "msg:custom" && listeners.push(call),
      off: (event, call) => listeners.includes(call) && listeners.splice(listeners.indexOf(call), 1),
      send: (message) => (message.asks ?? [message]).forEach(answer),
    };
    const el = document.createElement("div");
    document.body.append(el);
    return widget.render({ model, el });
  };
  window.closers = pages.map(window.openWidget);
}
