// Explore's bundle: asked for once by the widget's line, unpacked here, kept for all other widgets.

const KEPT = "obstackLabBundles";

async function unpack(link, hash) {
  // The page may have begun to load it before; where that failed, the kernel has it.
  const early = await globalThis.obstackLabEarly?.[hash];
  if (early) return early;
  const answer = await link.ask("bundle");
  if (!answer.ok) throw new Error(answer.error);
  const packed = new Blob([answer.buffers[0]]).stream();
  const script = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

// Returns the module; one that could not be loaded is tried anew the next time.
export function loadBundle(link, hash) {
  const kept = (globalThis[KEPT] ??= new Map());
  if (!kept.has(hash)) {
    const loading = unpack(link, hash);
    kept.set(hash, loading);
    loading.catch(() => kept.delete(hash));
  }
  return kept.get(hash);
}
