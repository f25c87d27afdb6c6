// Keeps addresses out of the lock file: versions and hashes say what is meant.
//
//     npm install --package-lock-only --ignore-scripts && node lock.mjs

import { readFileSync, writeFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.deprecated;
  if (/^https?:/.test(entry.resolved ?? "")) delete entry.resolved;
}
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
