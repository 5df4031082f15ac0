// What a page does in a browser: it opens fast and offline, runs nothing foreign, and can be looked into.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const pages = fileURLToPath(new URL("../../target/browser/", import.meta.url));
const shots = process.env.KNEEPOINT_SHOTS;
const names = ["all", "searched", "alone", "nothing", "breaking", "ejecting", "hostile", "large"];
const desktop = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  if (shots) mkdirSync(shots, { recursive: true });
});
after(() => browser?.close());

/** Opens a page; whatever it says on the console or asks the network for is an error. */
const opened = async (name, options = {}) => {
  const context = await browser.newContext({ viewport: desktop, ...options });
  context.setDefaultTimeout(5000);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) wrong.push(`request: ${request.url()}`);
  });
  page.on("dialog", (dialog) => { wrong.push("dialog"); dialog.dismiss(); });
  await page.goto(`file://${pages}${name}.html`);
  return { page, wrong, context };
};
/** Scrolls through all of a page, so that everything is drawn. */
const through = async (page) => {
  const step = 800;
  for (let y = 0; y < await page.evaluate(() => document.documentElement.scrollHeight); y += step) {
    await page.evaluate((to) => scrollTo({ top: to, behavior: "instant" }), y);
    await page.waitForTimeout(15);
  }
};
/** Where the curves of a chart are, in pixels. */
const area = async (page, nth) => {
  const figure = page.locator("#tabs .panel:not([hidden]) .chart").nth(nth);
  // Charts are drawn when one comes near.
  await figure.scrollIntoViewIfNeeded();
  const over = figure.locator(".u-over");
  await over.scrollIntoViewIfNeeded();
  return over.boundingBox();
};
/** The ticks cannot be read from a canvas: what the cursor says at both ends of a chart can. */
const ends = async (page, nth) => {
  const box = await area(page, nth);
  const said = [];
  for (const x of [1, box.width - 1]) {
    await page.mouse.move(box.x + x, box.y + box.height / 2);
    said.push(await page.locator("#tabs .panel:not([hidden]) .chart").nth(nth).locator(".legend li:last-child .value").textContent());
  }
  return said;
};

for (const name of names) {
  for (const [width, viewport] of [["desktop", desktop], ["phone", phone]]) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${name} fits ${width} in ${colorScheme}, quietly`, async () => {
        const { page, wrong, context } = await opened(name, { viewport, colorScheme });
        await through(page);
        const tabs = await page.getByRole("tab").all();
        for (const tab of [null, ...tabs]) {
          await tab?.click();
          const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
          assert.ok(wide <= inner, `${wide} pixels wide of ${inner}`);
        }
        // What is wider than the screen scrolls in its own place, and says so where its scroll bar may not be seen.
        const cut = await page.evaluate(() => [...document.querySelectorAll("svg, table")].filter((element) => {
          if (element.closest(".bar, details:not([open])") || element.getBoundingClientRect().width <= innerWidth) return false;
          const place = element.closest(".scroll");
          if (!place || getComputedStyle(place).overflowX !== "auto" || place.tabIndex !== 0) return true;
          const hint = element.closest(".picture")?.querySelector("figcaption");
          return hint ? getComputedStyle(hint).display === "none" : element.tagName === "svg";
        }).map((element) => element.outerHTML.slice(0, 80)));
        assert.deepEqual(cut, []);
        if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const [red] = ground.match(/\d+/g).map(Number);
        assert.equal(red > 128, colorScheme === "light", ground);
        assert.deepEqual(wrong, []);
        await context.close();
      });
    }
  }
}

// How long it takes is printed and judged by whoever reads it: a busy machine is no fault of the page.
test("a page of an hour and twenty parts can be used", async () => {
  const times = [];
  for (let run = 0; run < 3; run++) {
    const { page, context } = await opened("large");
    // Until the tabs are there, and the first chart for one who goes straight to it.
    await page.evaluate(() => document.getElementById("tabs").scrollIntoView({ behavior: "instant" }));
    await page.locator(".u-over").first().waitFor();
    times.push(await page.evaluate(() => performance.now()));
    await context.close();
  }
  console.log(`# usable after ${times.map((t) => Math.round(t)).join(", ")} ms`);
});

test("nothing moves while charts come", async () => {
  for (const viewport of [desktop, phone]) {
    const { page, context } = await opened("breaking", { viewport });
    await page.evaluate(() => {
      globalThis.moved = [];
      // Of what is there already: entries for what one did oneself are left out by the browser.
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          if (!entry.hadRecentInput) moved.push(`${entry.value}: ${entry.sources.map((s) => s.node?.outerHTML?.slice(0, 60)).join(", ")}`);
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await through(page);
    for (const tab of await page.getByRole("tab").all()) {
      await tab.click();
      await page.waitForTimeout(600);
      await through(page);
    }
    assert.deepEqual(await page.evaluate(() => moved), []);
    await context.close();
  }
});

test("rows say when breakers were open, and when members were out", async () => {
  for (const [name, row, state] of [["breaking", "breaker clients → backend", /^open/], ["ejecting", "lb", /^1 out/]]) {
    const { page, wrong, context } = await opened(name);
    await through(page);
    const figure = page.locator("#clients-over-time .chart", { hasText: "What happened meanwhile" });
    const over = figure.locator(".u-over");
    await over.scrollIntoViewIfNeeded();
    const box = await over.boundingBox();
    const place = figure.locator(".legend li", { hasText: row }).first();
    const said = [];
    for (let x = 1; x < box.width; x += 3) {
      await page.mouse.move(box.x + x, box.y + 5);
      said.push(await place.locator(".value").textContent());
    }
    assert.ok(said[0] === "–" && said.some((text) => state.test(text)), [...new Set(said)].join("; "));
    assert.deepEqual(wrong, []);
    await context.close();
  }
});

test("names of rows are crossed by nothing, and what rows say is said without a cursor", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, wrong, context } = await opened("all", { viewport: phone, colorScheme });
    await through(page);
    const figure = page.locator("#clients-over-time .chart", { hasText: "What happened meanwhile" });
    await figure.scrollIntoViewIfNeeded();
    // In the middle a fault is shaded, in the bars' lines and not in those of names.
    const seen = await figure.locator("canvas").evaluate((canvas) => {
      const over = canvas.parentElement.querySelector(".u-over");
      const { left, top } = canvas.getBoundingClientRect();
      const box = over.getBoundingClientRect();
      const by = canvas.width / canvas.getBoundingClientRect().width;
      const middle = Math.round((box.left - left + box.width / 2) * by);
      const first = Math.round((box.top - top) * by);
      // Read at once: browsers complain of more.
      const column = canvas.getContext("2d").getImageData(middle, first, 1, Math.round(30 * by)).data;
      const at = (y) => [...column.slice(Math.round(y * by) * 4).slice(0, 3)].join(", ");
      return { name: at(4), bar: at(22), ground: getComputedStyle(document.body).backgroundColor };
    });
    assert.equal(`rgb(${seen.name})`, seen.ground);
    assert.notEqual(`rgb(${seen.bar})`, seen.ground);
    assert.match(await figure.locator(".legend li").first().textContent(), /^fault crash: crash of web\/0/);
    assert.deepEqual(wrong, []);
    await context.close();
  }
});

test("long names that are alike but for their middles are told apart", async () => {
  const { page, wrong, context } = await opened("hostile");
  await through(page);
  for (const legend of await page.locator(".chart .legend").all()) {
    const shown = await legend.locator("button").evaluateAll((all) => all.map((one) => {
      const bdi = one.querySelector("bdi");
      return [one.title, bdi.textContent, bdi.scrollWidth <= bdi.clientWidth];
    }));
    for (const [name, text, fits] of shown) {
      assert.ok(fits || !await legend.isVisible(), `${text} is cut at its end`);
      for (const [other, like] of shown) assert.ok(name === other || text !== like, `${name} and ${other}: ${text}`);
    }
  }
  assert.deepEqual(wrong, []);
  await context.close();
});

test("dragging looks closer in all charts, a double click shows all again", async () => {
  const { page, wrong, context } = await opened("all");
  const before = await ends(page, 0);
  assert.match(before[0], /^0 s to/);
  const box = await area(page, 0);
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 });
  await page.mouse.up();
  const closer = await ends(page, 0);
  const from = Number.parseFloat(closer[0]);
  const to = Number.parseFloat(closer[1]);
  assert.ok(from > 270 && from < 300 && to > 420 && to < 450, closer.join());
  assert.deepEqual(await ends(page, 1), closer, "another chart shows the same time");
  await page.getByRole("tab", { name: "Parts" }).click();
  assert.deepEqual(await ends(page, 0), closer, "and so does one that is drawn later");
  const other = await area(page, 0);
  await page.mouse.dblclick(other.x + 50, other.y + 50);
  assert.deepEqual(await ends(page, 0), before);
  await page.getByRole("tab", { name: "Clients" }).click();
  assert.deepEqual(await ends(page, 0), before);
  await page.getByRole("button", { name: "Zoom in" }).click();
  assert.notDeepEqual(await ends(page, 0), before);
  await page.getByRole("button", { name: "Show all of the time" }).click();
  assert.deepEqual(await ends(page, 0), before);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("however often one looks closer, there is something to see", async () => {
  const { page, wrong, context } = await opened("all");
  const length = async () => {
    const [from, to] = (await ends(page, 0)).map((text) => text.split(" to ").map(Number.parseFloat));
    return to[1] - from[0];
  };
  await area(page, 0);
  for (let times = 0; times < 20; times++) await page.getByRole("button", { name: "Zoom in" }).click();
  const clicked = await length();
  assert.ok(clicked >= 12 && clicked <= 30, `${clicked} s of windows of 6 s`);
  await page.getByRole("button", { name: "Show all of the time" }).click();
  const box = await area(page, 0);
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4 + 12, box.y + 60, { steps: 3 });
  await page.mouse.up();
  const dragged = await length();
  assert.ok(dragged >= 12 && dragged <= 30, `${dragged} s of windows of 6 s`);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a bound that is not in the picture is told, and one that is is not", async () => {
  for (const [name, is] of [["loose", true], ["all", false]]) {
    const { page, context } = await opened(name);
    await area(page, 0);
    const legend = await page.locator("#tabs .panel:not([hidden]) .legend").first().textContent();
    assert.ok(legend.includes("p99(users.latency) < "), legend);
    assert.equal(legend.includes("(5.00 s, above what is drawn)"), is, legend);
    assert.equal(await page.locator("output").count(), 0, "nothing is read out at every move");
    await context.close();
  }
});

test("all charts show their numbers at one cursor, and they are those of the results", async () => {
  const { page, context } = await opened("all");
  await through(page);
  const box = await area(page, 0);
  await page.mouse.move(box.x + box.width * 0.504, box.y + 60);
  const said = await page.locator("#tabs .panel:not([hidden]) .legend li:last-child .value").allTextContents();
  assert.ok(said.length >= 3 && said.every((text) => text === said[0] && text !== ""), said.join("; "));
  // 0.504 of 720 s is in the window from 360 s on, the 61st.
  assert.equal(said[0], "360 s to 366 s");
  const value = await page.locator(".legend button .value").nth(2).textContent();
  const run = JSON.parse(readFileSync(`${pages}run.json`));
  const is = run.timeline.clients[0].latency.p99.values[60] * 1e3;
  assert.ok(Math.abs(Number.parseFloat(value) - is) < 0.51, `${value}, ${is} ms`);
  await context.close();
});

test("tabs are chosen by mouse and by keys", async () => {
  const { page, context } = await opened("all");
  const shown = () => page.locator(".panel:not([hidden])").evaluateAll((all) => all.map((panel) => panel.id));
  assert.deepEqual(await shown(), ["clients-over-time"]);
  await page.getByRole("tab", { name: "Parts" }).click();
  assert.deepEqual(await shown(), ["parts-over-time"]);
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await shown(), ["dashboard"]);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Dashboard");
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await shown(), ["clients-over-time"]);
  await page.keyboard.press("End");
  assert.deepEqual(await shown(), ["dashboard"]);
  await context.close();
});

test("parts are shown and hidden in all charts together", async () => {
  const { page, context } = await opened("large");
  await page.getByRole("tab", { name: "Parts" }).click();
  await through(page);
  const choice = page.locator(".choice button");
  assert.equal(await choice.count(), 20);
  assert.equal(await page.locator(".choice button[aria-pressed=true]").count(), 6);
  const pressed = () => page.locator("#parts-over-time .legend button[title=mail], #parts-over-time .legend button[title=prices]")
    .evaluateAll((all) => all.map((button) => button.getAttribute("aria-pressed")));
  const before = await pressed();
  assert.ok(before.length > 1 && before.every((is) => is === before[0]));
  await page.locator(".choice button[title=prices]").click();
  assert.deepEqual(await pressed(), before.map((is) => (is === "true" ? "false" : "true")));
  await context.close();
});

test("nothing foreign is run, and no script but those the page names", async () => {
  const { page, wrong, context } = await opened("hostile");
  for (const tab of await page.getByRole("tab").all()) {
    await tab.click();
    await through(page);
  }
  // As if a mouse went over everything.
  await page.evaluate(() => {
    for (const element of document.querySelectorAll("*")) element.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  });
  assert.equal(await page.evaluate(() => globalThis.struck), undefined);
  assert.equal(await page.locator("img, iframe, object, embed").count(), 0);
  assert.deepEqual(wrong, []);
  // The policy is in force: a script that is added is refused, a handler too, and so is a request.
  const refused = [];
  page.on("console", (message) => refused.push(message.text()));
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.struck = 9";
    document.body.append(script);
    const image = document.createElement("img");
    image.setAttribute("onerror", "globalThis.struck = 10");
    image.src = "https://example.invalid/x.png";
    document.body.append(image);
    return fetch("https://example.invalid/").catch(() => {});
  });
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => globalThis.struck), undefined);
  assert.ok(refused.filter((text) => text.includes("Content Security Policy")).length >= 2, refused.join("\n"));
  await context.close();
});

test("without JavaScript texts, tables and figures are there", async () => {
  const { page, context } = await opened("all", { javaScriptEnabled: false });
  await page.getByText("need JavaScript").waitFor();
  // Playwright stops scripts after the page was read with them; what is shown without is there all the same.
  assert.match(await page.locator("noscript").textContent(), /Without JavaScript this page has no charts to look closer at/);
  assert.ok(await page.locator("table").count() > 10);
  assert.ok(await page.locator("figure.picture svg").count() > 5);
  assert.equal(await page.locator(".panel:visible").count(), 3);
  await context.close();
});

test("what there is too little of is said", async () => {
  const alone = await opened("alone");
  await alone.page.getByText("One replication: numbers have no intervals").waitFor();
  await alone.context.close();
  const nothing = await opened("nothing");
  await nothing.page.getByText("No request ended while it was measured").waitFor();
  await nothing.context.close();
});

test("on paper everything is unfolded and light", async () => {
  const { page, wrong, context } = await opened("all", { colorScheme: "dark" });
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator("details:not([open])").count(), 0);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  assert.equal(await page.locator(".panel:visible").count(), 3);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.ok(await page.locator("details:not([open])").count() > 0);
  assert.deepEqual(wrong, []);
  await context.close();
});
