// Puts what could be run, or could lead astray, into the names and texts of a result.
import { readFileSync, writeFileSync } from "node:fs";

const [, , from, to] = process.argv;
const attacks = [
  "</script><script>globalThis.struck = 1</script>",
  "\"><img src=x onerror=\"globalThis.struck = 2\">",
  "' onmouseover='globalThis.struck = 3' x='",
  "<!--<script>globalThis.struck = 4",
  "javascript:globalThis.struck = 5",
  "w".repeat(200),
  "\u202eexe.gnp",
  "שלום עולם <b>",
];
// What is looked up by its name is left as it is: a text that no page knows would show nothing.
const kept = new Set(["kneepoint", "s", "1/s", "1", "ratio", "OpenClient", "Service", "Balancer", "near p50", "near p99", "ok", "unavailable", "users"]);
let next = 0;
const names = new Map();
const struck = (text) => {
  if (kept.has(text)) return text;
  // The same name stays the same name.
  if (!names.has(text)) names.set(text, `${text} ${attacks[next++ % attacks.length]}`);
  return names.get(text);
};
const all = JSON.parse(readFileSync(from, "utf8"), (key, value) => (typeof value === "string" ? struck(value) : value));
all.title = attacks.join(" ");
all.question = attacks[0] + attacks[7];
for (const list of [all.clients, all.timeline.clients]) list.forEach((client) => { client.name = attacks[0]; });
for (const sample of all.samples) sample.client = attacks[0];
all.clients[0].by_status[attacks[1]] = all.clients[0].by_status.ok;
all.clients[0].time[attacks[2]] = all.clients[0].time.service;
all.timeline.clients[0].by_status[attacks[3]] = all.timeline.clients[0].by_status.ok;
all.timeline.faults[0].name = attacks[1];
all.parts.push(...attacks.map((name) => ({ ...all.parts.at(-1), name })));
all.timeline.parts.push(...attacks.map((name) => ({ ...all.timeline.parts.at(-1), name })));
// Alike wherever a name is cut.
const alike = ["a", "b"].map((middle) => `${"o".repeat(80)}-${middle}-${"o".repeat(80)}`);
all.timeline.parts.push(...alike.map((name) => ({ ...all.timeline.parts.at(-1), name })));
writeFileSync(to, JSON.stringify(all));
