// Traces are read by a viewer that others wrote: speedscope imports the Trace Event Format, as Perfetto does.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const pages = fileURLToPath(new URL("../../target/browser/", import.meta.url));
const viewer = join(dirname(createRequire(import.meta.url).resolve("speedscope/package.json")), "dist/release/index.html");

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu"] });
});
after(() => browser?.close());

/** Opens a trace in the viewer, as its own command does, and returns what it understood, as it saves it itself. */
const imported = async (trace) => {
  const script = `${pages}trace.js`;
  writeFileSync(script, `speedscope.loadFileFromBase64("trace.json", "${Buffer.from(trace).toString("base64")}")`);
  const context = await browser.newContext({ acceptDownloads: true });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    // Drivers of graphics speak there too.
    if (["error", "warning"].includes(message.type()) && !message.text().includes("GL Driver Message")) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("dialog", (dialog) => { wrong.push(dialog.message()); dialog.dismiss(); });
  await page.goto(`file://${viewer}#localProfilePath=${script}`);
  await page.getByText("Export").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("Export").click()]);
  const saved = JSON.parse(readFileSync(await download.path(), "utf8"));
  await context.close();
  return { saved, wrong };
};

test("a viewer of traces finds every row, with the times that were written", async () => {
  const text = readFileSync(`${pages}trace.json`, "utf8");
  const { traceEvents } = JSON.parse(text);
  const { saved, wrong } = await imported(text);
  assert.deepEqual(wrong, []);
  // A profile for each row on which something happened, called after process and row.
  const named = (what, pid, tid) => traceEvents.find((event) => event.name === what && event.pid === pid && (tid === undefined || event.tid === tid)).args.name;
  const rows = new Map();
  for (const event of traceEvents.filter((event) => event.ph === "B" || event.ph === "E")) {
    const key = `${event.pid}:${event.tid}`;
    rows.set(key, [...(rows.get(key) ?? []), event]);
  }
  assert.ok(rows.size > 10, `${rows.size} rows`);
  assert.equal(saved.profiles.length, rows.size);
  const read = new Map();
  for (const profile of saved.profiles) read.set(profile.name, [...(read.get(profile.name) ?? []), profile]);
  for (const events of rows.values()) {
    const { pid, tid } = events[0];
    const names = [...read.keys()].filter((name) => name.includes(named("process_name", pid)) && name.includes(named("thread_name", pid, tid)));
    const whole = events.at(-1).ts - events[0].ts;
    const lengths = names.flatMap((name) => read.get(name)).map((profile) => profile.endValue - profile.startValue);
    assert.ok(lengths.some((length) => Math.abs(length - whole) < 2e-3), `${whole} in ${lengths} of ${names}`);
  }
});

test("the viewer tells of slices that overlap, so that its silence says something", async () => {
  const slice = (name, ts, dur) => ({ name, ph: "X", ts, dur, pid: 1, tid: 1, args: {} });
  const { wrong } = await imported(JSON.stringify({ traceEvents: [slice("a", 0, 10), slice("b", 5, 10)] }));
  assert.ok(wrong.some((text) => text.includes("Tried to end")), wrong.join());
});
