// The line to the kernel: blocks come as traits, commands go as messages and are answered by id.

const PATIENCE = 60_000;
const BEAT = 5_000;

export function openLink(model, el) {
  const view = Math.random().toString(36).slice(2);
  const pending = new Map();
  const undo = [];
  const outbox = [];
  let asked = 0;

  function receive(message, buffers) {
    const waiting = pending.get(message?.id);
    if (!waiting) return;
    pending.delete(message.id);
    clearTimeout(waiting.timer);
    waiting.resolve({ ...message, buffers });
  }

  function on(event, callback) {
    model.on(event, callback);
    undo.push(() => model.off(event, callback));
  }

  // Says whether it was sent: a kernel that was restarted hears nothing on its old line.
  function say(message) {
    try {
      model.send(message);
      return true;
    } catch {
      return false;
    }
  }

  function refuse(id, error) {
    const waiting = pending.get(id);
    pending.delete(id);
    clearTimeout(waiting?.timer);
    waiting?.resolve({ ok: false, error });
  }

  // What is asked at once goes in one message: a message costs the kernel more than what is in it.
  function post() {
    const asks = outbox.splice(0);
    if (say(asks.length === 1 ? asks[0] : { asks })) return;
    for (const { id } of asks) refuse(id, "The notebook's kernel was restarted. Run this cell again.");
  }

  // Returns {ok, data, buffers} or {ok: false, error, caret}; never throws.
  function ask(verb, params = {}) {
    const id = `${view}-${(asked += 1)}`;
    return new Promise((resolve) => {
      const late = "No answer from the notebook's kernel for 60 s. It may be busy with a cell, or gone.";
      pending.set(id, { resolve, timer: setTimeout(() => refuse(id, late), PATIENCE) });
      outbox.push({ id, verb, params });
      if (outbox.length === 1) setTimeout(post);
    });
  }

  // Calls back with a block now and whenever it changes.
  function watch(name, callback) {
    const call = () => callback(model.get(name) ?? {});
    on(`change:${name}`, call);
    call();
  }

  // Somebody is looking: the kernel polls only while it hears this.
  function beat() {
    if (el.isConnected && document.visibilityState !== "hidden") say({ verb: "here" });
  }

  on("msg:custom", receive);
  const pulse = setInterval(beat, BEAT);
  document.addEventListener("visibilitychange", beat);
  undo.push(() => clearInterval(pulse));
  undo.push(() => document.removeEventListener("visibilitychange", beat));
  queueMicrotask(beat);
  setTimeout(beat, 200);

  return {
    ask,
    watch,
    get: (name) => model.get(name) ?? {},
    atEnd: (callback) => undo.push(callback),
    close: () => {
      for (const step of undo) step();
      for (const { timer } of pending.values()) clearTimeout(timer);
    },
  };
}
