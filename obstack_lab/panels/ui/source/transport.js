// Every free `fetch` of the bundle comes here: three hosts that do not exist lead through a
// widget's own line to the kernel, and nothing leads anywhere else.

const PLACE = /^http:\/\/(prometheus|loki|tempo)\.([a-z0-9]+)\.kernel\.invalid(\/.*)$/;
const MOVING = ["start", "end", "time", "step"];
const UNSEEN = 50; // milliseconds
const lines = new Map();

// What the kernel or a backend said in place of an answer, with the query and a caret where known.
export class Failure extends Error {
  constructor({ error, caret }) {
    super(error ?? "The lab did not say why.");
    this.name = "Failure";
    this.caret = caret ?? "";
  }
}

// The same question at a later moment has the same key.
function keyOf(backend, path, body) {
  const place = new URL(path, "http://kernel.invalid");
  const asked = new URLSearchParams(body || place.search);
  for (const name of MOVING) asked.delete(name);
  return `${backend} ${place.pathname} ${asked}`;
}

// Returns when a frame was drawn; at once where nobody looks, soon where nothing is drawn.
function drawn() {
  if (document.hidden) return null;
  return new Promise((resolve) => {
    const late = setTimeout(resolve, UNSEEN);
    requestAnimationFrame(() => {
      clearTimeout(late);
      setTimeout(resolve);
    });
  });
}

// Opens a line over `ask(verb, params)`, which answers {ok, type, buffers} or {ok: false, error}.
// The journal is told `who` asks: explore or dashboard.
export function openTransport(ask, who) {
  const id = Array.from({ length: 16 }, () => Math.floor(Math.random() * 36).toString(36)).join("");
  const asked = new Set();
  let turn = Promise.resolve();

  // Answers that come together are handed out one a frame: each chart is seen when it is drawn.
  function inTurn() {
    const mine = turn;
    turn = mine.then(drawn);
    return mine;
  }

  async function send(backend, path, init) {
    const body = init.body === undefined || init.body === null ? "" : String(init.body);
    const key = keyOf(backend, path, body);
    const again = asked.has(key);
    asked.add(key);
    const answer = await ask("fetch", { who, backend, path, body, again, method: init.method ?? "GET" });
    await inTurn();
    if (!answer.ok) throw new Failure(answer);
    return new Response(answer.buffers?.[0] ?? "", { headers: { "content-type": answer.type } });
  }

  lines.set(id, send);
  return {
    address: (backend) => `http://${backend}.${id}.kernel.invalid`,
    // The learner did something: what is asked from here on is a question again, not a refresh.
    deed: () => asked.clear(),
    close: () => lines.delete(id),
  };
}

function abandoned(signal) {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new DOMException("given up", "AbortError")));
  });
}

export function fetch(input, init = {}) {
  const address = typeof input === "string" ? input : (input.url ?? String(input));
  const [, backend, id, path] = PLACE.exec(address) ?? [];
  const send = lines.get(id);
  if (!send) return Promise.reject(new Error("Explore asks only the lab's own telemetry."));
  const answer = send(backend, path, init);
  return init.signal ? Promise.race([answer, abandoned(init.signal)]) : answer;
}

export { fetch as labFetch };
