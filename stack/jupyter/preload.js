// What a widget will need is loaded before: the lab's Jupyter server serves this with a call of
// `begin` below it. Who needs the bundle finds it by its hash.

const early = (globalThis.obstackLabEarly ??= {});

function begin(hash) {
  early[hash] = import(`./explore/${hash}.js`).catch(() => null);
}
