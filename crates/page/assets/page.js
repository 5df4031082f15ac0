// The program of the page: tabs and charts over time. All numbers are in the page; nothing is loaded.
(() => {
  "use strict";
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);

  const make = (tag, attributes = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inside);
    return element;
  };

  // Folded tables are printed too.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open])")) {
      details.dataset.folded = "";
      details.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const details of document.querySelectorAll("details[data-folded]")) {
      delete details.dataset.folded;
      details.open = false;
    }
  });

  const tabs = document.getElementById("tabs");
  if (!data || !tabs) return;
  root.classList.add("js");

  // ---- Numbers for people, as everywhere on the page: three digits, thousands separators, a unit that fits.

  const decimals = (value) => {
    if (value === 0 || !Number.isFinite(value)) return 0;
    const exponent = Number(value.toExponential(2).split("e")[1]);
    return Math.min(Math.max(2 - exponent, 0), 12);
  };
  const grouped = (text) => {
    const [whole, fraction] = text.split(".");
    const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    return fraction === undefined ? groups : `${groups}.${fraction}`;
  };
  const plain = (value) => grouped(value.toFixed(decimals(value)));
  const scales = [[86400, "d"], [3600, "h"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
  const scale = (size) => size === 0 ? scales[2] : scales.find(([from]) => size >= from) ?? scales[5];
  const duration = (seconds) => {
    const [of, unit] = scale(Math.abs(seconds));
    return `${plain(seconds / of)} ${unit}`;
  };
  const words = {
    "s": duration,
    "1/s": (value) => `${plain(value)} /s`,
    "ratio": (value) => `${plain(value * 100)} %`,
    "1": plain,
  };
  const said = (value, unit) => value === null || value === undefined ? "–" : (words[unit] ?? plain)(value);
  // Ticks have the digits of their step, however far from zero they are: 1, 1.5, 2.
  const places_of = (step) => {
    let digits = 0;
    while (digits < 5 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits++;
    return digits;
  };
  // Steps of time that are round in the unit shown: a day has quarters, and a twelfth of an hour is not round in hours.
  // Hours and days in whole seconds, as the library wants what it does not know.
  const seconds = [-9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4].flatMap((by) => [1, 2, 5].map((of) => Number(`${of}e${by}`)));
  const steps = {
    h: [1, 2, 5, 10, 18, 36, 72, 180, 360, 720, 1800, 3600, 7200, 10800, 21600, 43200, 86400],
    d: [1, 10, 60, 300, 864, 1728, 4320, 8640, 21600, 43200, 86400, 172800, 432000, 864000, 1728000, 4320000, 8640000],
  };
  // What an axis is drawn in: one unit for all of its ticks, named in its title, by the largest of them.
  const titles = { "1/s": "rate [/s]", "ratio": "share [%]", "1": "number" };
  const shown = (unit, most) => unit === "s" ? scale(most) : [unit === "ratio" ? 0.01 : 1, ""];
  const titled = (name, unit, most) => unit === "s" ? `${name} [${scale(most)[1]}]` : titles[unit] ?? "";
  const largest = (u, key) => Math.max(Math.abs(u.scales[key].min ?? 0), Math.abs(u.scales[key].max ?? 0));
  const axis_of = (key, name, unit) => ({
    label: (u) => titled(name, unit, largest(u, key)),
    ...(key === "x" ? { incrs: (u, axis, min, max) => steps[scale(Math.max(Math.abs(min), Math.abs(max)))[1]] ?? seconds } : {}),
    values: (u, ticks, axis, space, step) => {
      const [of] = shown(unit, largest(u, key));
      const digits = places_of(step / of);
      return ticks.map((value) => value === null ? "" : grouped((value / of).toFixed(digits)));
    },
  });

  // ---- Tabs: arrow keys move between them (WAI-ARIA Authoring Practices, "Tabs").

  const panels = [...tabs.querySelectorAll(".panel")];
  const list = make("div", { role: "tablist", class: "tablist", "aria-label": "Charts over time" });
  const buttons = panels.map((panel) => {
    const button = make("button", { type: "button", role: "tab", id: `tab-${panel.id}`, "aria-controls": panel.id },
      panel.querySelector("h3").textContent);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    button.addEventListener("click", () => choose(button));
    list.append(button);
    return button;
  });
  const choose = (chosen) => {
    buttons.forEach((button, at) => {
      const is = button === chosen;
      button.setAttribute("aria-selected", is);
      button.tabIndex = is ? 0 : -1;
      panels[at].hidden = !is;
    });
  };
  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const button = buttons[(to + buttons.length) % buttons.length];
    choose(button);
    button.focus();
  });

  // ---- Charts: one time axis and one cursor for all of them.

  const bounds = data.bounds;
  const times = bounds.slice(1).map((to, at) => (bounds[at] + to) / 2);
  const whole = { min: bounds[0], max: bounds[bounds.length - 1] };
  let range = { ...whole };
  const drawn = new Map();
  const hidden = new Map();
  const dashes = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2], [1, 5]];
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  // ---- Names that have little room: the middle is left out, and those that look alike then are numbered.

  const cut = (name, fits) => {
    const letters = [...name];
    const kept = (n) => {
      const tail = Math.floor(n * 2 / 5);
      return `${letters.slice(0, n - tail).join("")}…${tail > 0 ? letters.slice(-tail).join("") : ""}`;
    };
    if (fits(name)) return name;
    let [least, most] = [1, letters.length - 1];
    while (least < most) {
      const n = Math.ceil((least + most) / 2);
      if (fits(kept(n))) least = n; else most = n - 1;
    }
    return kept(least);
  };
  const apart = (names, fits) => {
    const cuts = names.map((name) => cut(name, fits));
    return names.map((name, n) => {
      const alike = [...new Set(names.filter((_, other) => cuts[other] === cuts[n]))];
      if (alike.length < 2) return cuts[n];
      const number = ` (${alike.indexOf(name) + 1})`;
      return cut(name, (text) => fits(text + number)) + number;
    });
  };
  // As wide as the style lets them be.
  const pen = document.createElement("canvas").getContext("2d");
  const shortened = (names) => {
    const { fontSize, fontFamily } = getComputedStyle(root);
    const rem = parseFloat(fontSize);
    pen.font = `${0.8 * rem}px ${fontFamily}`;
    return apart(names, (text) => pen.measureText(text).width <= 14 * rem - 2);
  };

  const parts = [...new Set(panels[1] ? [...panels[1].querySelectorAll(".chart")]
    .flatMap((figure) => data.charts[figure.dataset.chart].series.map((series) => series.of)) : [])];
  const first = new Set(data.shown);
  for (const [at, chart] of data.charts.entries()) {
    // As many lines as there are colours; the others wait until they are asked for.
    const crowd = chart.series.length > 6 && chart.series.some((series) => first.has(series.of));
    hidden.set(at, new Set(crowd ? chart.series.filter((series) => !first.has(series.of)).map((s) => s.name) : []));
  }

  const shade = (u, from, to) => {
    const left = Math.max(u.valToPos(from, "x", true), u.bbox.left);
    const right = Math.min(u.valToPos(to, "x", true), u.bbox.left + u.bbox.width);
    if (right > left) u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
  };
  const background = (u) => {
    u.ctx.save();
    u.ctx.fillStyle = colour("quiet");
    u.ctx.globalAlpha = 0.1;
    if (data.warm_up > 0) shade(u, bounds[0], data.warm_up);
    u.ctx.globalAlpha = 0.22;
    for (const mark of data.marks) {
      u.ctx.fillStyle = colour(`s${mark.slot}`);
      shade(u, mark.from, mark.to);
    }
    u.ctx.fillStyle = colour("quiet");
    u.ctx.globalAlpha = 0.5;
    for (const at of data.events) {
      const x = u.valToPos(at, "x", true);
      if (x >= u.bbox.left && x <= u.bbox.left + u.bbox.width) u.ctx.fillRect(x, u.bbox.top, devicePixelRatio, u.bbox.height);
    }
    u.ctx.restore();
  };
  const rules = (chart) => (u) => {
    u.ctx.save();
    u.ctx.strokeStyle = colour("bound");
    u.ctx.lineWidth = 2 * devicePixelRatio;
    u.ctx.setLineDash([8, 5].map((n) => n * devicePixelRatio));
    for (const rule of chart.rules) {
      const y = u.valToPos(rule.at, "y", true);
      if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) continue;
      u.ctx.beginPath();
      u.ctx.moveTo(u.bbox.left, y);
      u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
      u.ctx.stroke();
    }
    u.ctx.restore();
  };
  // From zero to above all that is shown; a bound that is far above would leave nothing to see of the lines.
  const vertical = (chart) => (u, min, max) => {
    if (chart.unit === "ratio") return [0, 1];
    let most = Math.max(max ?? 0, 0);
    for (const rule of chart.rules) if (rule.at <= 3 * most) most = Math.max(most, rule.at);
    return [0, most > 0 ? most * 1.08 : 1];
  };

  // Less than three windows is no picture: a drag or a click too many ends there.
  const shortest = Math.min(3 * (whole.max - whole.min) / times.length, whole.max - whole.min);
  const held = (from, to) => {
    const all = whole.max - whole.min;
    // What is held already stays as it is, to the last digit.
    if (to - from >= shortest * (1 - 1e-9) && from >= whole.min && to <= whole.max) return [from, to];
    const length = Math.min(Math.max(to - from, shortest), all);
    const min = Math.min(Math.max((from + to - length) / 2, whole.min), whole.max - length);
    return length === all ? [whole.min, whole.max] : [min, min + length];
  };
  const follow = (from, to) => {
    const [min, max] = held(from, to);
    if (min === range.min && max === range.max) return;
    range = { min, max };
    for (const { plot } of drawn.values()) {
      if (plot.scales.x.min !== min || plot.scales.x.max !== max) plot.setScale("x", range);
    }
  };

  // ---- Rows of what happened to parts: a name, and below it what lasted and what happened at an instant.

  const row = 32;
  const rows_of = (chart) => chart.lanes ? data.lanes : [];
  const height_of = (chart) => chart.lanes ? 52 + 14 + row * data.lanes.length : 260;
  const lanes = (chart) => (u) => {
    const { ctx, bbox } = u;
    const dpr = devicePixelRatio;
    const ink = colour("ink");
    const high = 14 * dpr;
    const bottom_of = (n) => bbox.top + (n * row + row - 3) * dpr;
    const write = () => {
      // The library leaves what it wrote the axes with.
      ctx.textBaseline = "alphabetic";
      ctx.textAlign = "left";
      ctx.font = `${11 * dpr}px system-ui, sans-serif`;
    };
    ctx.save();
    write();
    // Names have lines of their own, on the ground: what is shaded or struck in all charts would cross them.
    const room = ctx.canvas.width - 4 * dpr;
    const names = apart(rows_of(chart).map((lane) => lane.name), (text) => ctx.measureText(text).width <= room);
    rows_of(chart).forEach((lane, n) => {
      const bottom = bottom_of(n) - high;
      ctx.fillStyle = colour("ground");
      ctx.fillRect(0, bottom - 15 * dpr, ctx.canvas.width, 15 * dpr);
      ctx.fillStyle = ink;
      ctx.fillText(names[n], 2 * dpr, bottom - 4 * dpr);
    });
    ctx.restore();
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    write();
    rows_of(chart).forEach((lane, n) => {
      const bottom = bottom_of(n);
      for (const bar of lane.bars) {
        const left = Math.max(u.valToPos(bar.from, "x", true), bbox.left);
        const right = Math.min(u.valToPos(bar.to, "x", true), bbox.left + bbox.width);
        if (right < bbox.left || left > bbox.left + bbox.width) continue;
        const wide = Math.max(right - left, 2 * dpr);
        ctx.fillStyle = colour(bar.colour);
        ctx.globalAlpha = 0.4;
        ctx.fillRect(left, bottom - high, wide, high);
        ctx.globalAlpha = 1;
        ctx.fillRect(left, bottom - 3 * dpr, wide, 3 * dpr);
        if (ctx.measureText(bar.name).width + 6 * dpr < wide) {
          ctx.fillStyle = ink;
          ctx.fillText(bar.name, left + 3 * dpr, bottom - 5 * dpr);
        }
      }
      ctx.fillStyle = colour(lane.colour);
      for (const [at] of lane.marks) ctx.fillRect(u.valToPos(at, "x", true) - dpr, bottom - high, 2 * dpr, high);
    });
    ctx.restore();
  };
  // All that a row says, in order: bars are often too short for their words, and a telephone has no cursor.
  const altogether = (lane) => {
    const said = [...lane.bars.map((bar) => [bar.from, bar.name]), ...lane.marks];
    const words = [...new Set(said.sort((a, b) => a[0] - b[0]).map(([, word]) => word))].filter((word) => word);
    const more = words.length > 6 ? `, and ${words.length - 6} more, which the table below the charts lists` : "";
    return words.length === 0 ? "" : `: ${words.slice(0, 6).join(", ")}${more}`;
  };
  // What a row says of a window.
  const during = (lane, from, to) => {
    const said = lane.bars.filter((bar) => bar.from < to && bar.to > from).map((bar) => bar.name);
    said.push(...lane.marks.filter(([at]) => at > from && at <= to).map(([, what]) => what));
    return said.length === 0 ? "–" : [...new Set(said)].join(", ");
  };

  const legend = (figure, at, chart, strokes) => {
    // No live regions: the cursor moves faster than anything can be read out.
    const when = make("span", { class: "value when" }, "");
    const outputs = [];
    const names = shortened(chart.series.map((series) => series.name));
    const items = rows_of(chart).map((lane) => {
      const output = make("span", { class: "value" }, "");
      outputs.push(output);
      const key = make("i", { class: "key shade" });
      key.style.setProperty("--is", `var(--${lane.colour})`);
      return make("li", {}, make("span", {}, key, make("bdi", {}, lane.name), make("span", { class: "what" }, altogether(lane)), output));
    });
    items.push(...chart.series.map((series, n) => {
      const output = make("span", { class: "value" }, "");
      outputs.push(output);
      const key = make("i", { class: `key s${series.slot} ${["", "dashed", "dotted"][Math.min(strokes[n], 2)]}` });
      const button = make("button", { type: "button", title: series.name, "aria-pressed": !hidden.get(at).has(series.name) },
        key, make("bdi", {}, names[n]), output);
      button.addEventListener("click", () => show(at, series.name, hidden.get(at).has(series.name)));
      return make("li", {}, button);
    }));
    const beyond = chart.rules.map((rule) => {
      const note = make("span", {}, "");
      items.push(make("li", {}, make("span", {}, make("i", { class: "key dashed" }), make("bdi", {}, rule.name), note)));
      return note;
    });
    for (const [name, slot] of new Map(data.marks.map((mark) => [mark.name, mark.slot]))) {
      items.push(make("li", {}, make("span", {}, make("i", { class: `key shade s${slot}` }), "while ", make("bdi", {}, name), " strikes")));
    }
    const all = make("ul", { class: chart.lanes ? "legend rows" : "legend" }, ...items, make("li", {}, make("span", {}, when)));
    figure.append(all);
    return { outputs, when, beyond, buttons: [...all.querySelectorAll("button")] };
  };

  const show = (at, name, is) => {
    const names = hidden.get(at);
    if (is) names.delete(name); else names.add(name);
    data.charts[at].series.forEach((series, n) => {
      if (series.name !== name) return;
      places.get(at).legend.buttons[n].setAttribute("aria-pressed", is);
      const known = drawn.get(at);
      if (known) for (const column of known.columns[n]) known.plot.setSeries(column, { show: is });
    });
  };

  // Two lines of one colour are told apart by their dashes.
  const strokes_of = (chart) => {
    const seen = new Map();
    return chart.series.map((line) => {
      const key = `${line.slot} ${line.dash}`;
      const before = seen.get(key) ?? 0;
      seen.set(key, before + 1);
      return line.dash + before * 3;
    });
  };
  // Charts are drawn when one comes near, but have their place from the beginning: nothing moves when they come.
  const places = new Map();
  const place = (figure) => {
    const at = Number(figure.dataset.chart);
    const chart = data.charts[at];
    const strokes = strokes_of(chart);
    const plot = make("div", { class: "plot", role: "img", "aria-label": `${chart.title} over simulated time` });
    plot.style.minHeight = `${height_of(chart)}px`;
    figure.append(plot);
    places.set(at, { plot, strokes, legend: legend(figure, at, chart, strokes) });
  };

  const draw = (figure) => {
    const at = Number(figure.dataset.chart);
    if (drawn.has(at)) return;
    const chart = data.charts[at];
    const names = hidden.get(at);
    const table = [times];
    const series = [{}];
    const bands = [];
    const columns = [];
    const { plot: place, strokes, legend } = places.get(at);
    chart.series.forEach((line, n) => {
      const stroke = colour(`s${line.slot}`);
      const shown = !names.has(line.name);
      columns.push([table.length]);
      table.push(line.values);
      series.push({ label: line.name, stroke, width: 2, dash: dashes[strokes[n] % dashes.length], show: shown, points: { show: false } });
      if (!line.low) return;
      columns[n].push(table.length, table.length + 1);
      bands.push({ series: [table.length, table.length + 1], fill: `${stroke}2e` });
      table.push(line.high, line.low);
      for (let end = 0; end < 2; end++) series.push({ show: shown, width: 0, points: { show: false } });
    });
    if (chart.lanes) {
      // The library draws no chart without a line.
      table.push(times.map(() => null));
      series.push({ show: false });
    }
    const known = { figure, columns, legend };
    const font = "12px system-ui, sans-serif";
    const axis = { stroke: colour("quiet"), font, grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("grid"), width: 1 } };
    known.plot = new uPlot({
      width: Math.max(place.clientWidth, 200),
      height: height_of(chart),
      padding: chart.lanes ? [14, null, null, null] : undefined,
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false },
        sync: { key: "time", setSeries: false, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      },
      scales: { x: { time: false, range: (u, min, max) => held(min ?? whole.min, max ?? whole.max) }, y: { range: vertical(chart) } },
      series,
      bands,
      axes: [
        { ...axis, size: 34, labelSize: 18, labelFont: font, labelGap: 0, ...axis_of("x", "simulated time", "s") },
        chart.lanes
          ? { ...axis, size: 82, values: (u, ticks) => ticks.map(() => ""), grid: { show: false }, ticks: { show: false } }
          : { ...axis, size: 64, labelSize: 18, labelFont: font, labelGap: 0, ...axis_of("y", "duration", chart.unit) },
      ],
      hooks: {
        drawClear: [background],
        draw: [rules(chart), lanes(chart)],
        setScale: [(u, key) => {
          if (key === "x" && known.plot) follow(u.scales.x.min, u.scales.x.max);
          if (key === "y") bounded(known, chart, u.scales.y.max);
        }],
        setCursor: [(u) => read(known, chart, u.cursor.idx)],
      },
    }, table, place);
    bounded(known, chart, known.plot.scales.y.max);
    known.plot.over.addEventListener("dblclick", () => follow(whole.min, whole.max));
    drawn.set(at, known);
    known.plot.setScale("x", range);
  };

  // A bound that is not in the picture is told: its absence must not look like its being kept.
  const bounded = (known, chart, most) => {
    known.legend?.beyond.forEach((note, n) => {
      const at = chart.rules[n].at;
      note.textContent = at > most ? ` (${said(at, chart.unit)}, above what is drawn)` : "";
    });
  };

  const read = (known, chart, at) => {
    if (!known.legend) return;
    const is = at !== null && at !== undefined;
    known.legend.outputs.forEach((output, n) => {
      const value = () => chart.lanes ? during(data.lanes[n], bounds[at], bounds[at + 1]) : said(chart.series[n].values[at], chart.unit);
      output.textContent = is ? value() : "";
    });
    known.legend.when.textContent = is ? `${duration(bounds[at])} to ${duration(bounds[at + 1])}` : "";
  };

  const again = () => {
    const before = [...drawn.entries()];
    for (const [at, { plot, figure }] of before) {
      plot.destroy();
      drawn.delete(at);
    }
    for (const [, { figure }] of before) draw(figure);
  };

  const figures = [...tabs.querySelectorAll(".chart")];
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "400px" });
  const sized = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const known = drawn.get(Number(target.dataset.chart));
      if (known && contentRect.width > 0 && known.plot.width !== Math.floor(contentRect.width)) {
        known.plot.setSize({ width: Math.floor(contentRect.width), height: height_of(data.charts[target.dataset.chart]) });
      }
    }
  });
  for (const figure of figures) {
    place(figure);
    near.observe(figure);
    sized.observe(figure);
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  addEventListener("beforeprint", () => {
    root.dataset.print = "";
    again();
    figures.forEach(draw);
  });
  addEventListener("afterprint", () => {
    delete root.dataset.print;
    again();
  });

  // ---- Around the charts: zoom without a mouse, and which parts are shown.

  const zoom = (by) => {
    const middle = (range.min + range.max) / 2;
    const half = Math.min((range.max - range.min) / 2 * by, (whole.max - whole.min) / 2);
    const from = Math.min(Math.max(middle - half, whole.min), whole.max - 2 * half);
    follow(from, from + 2 * half);
  };
  const tool = (text, label, act) => {
    const button = make("button", { type: "button", "aria-label": label }, text);
    button.addEventListener("click", act);
    return button;
  };
  const tools = make("div", { class: "tools" },
    tool("+", "Zoom in", () => zoom(0.5)), tool("−", "Zoom out", () => zoom(2)),
    tool("all", "Show all of the time", () => follow(whole.min, whole.max)),
    `Drag over a chart to look closer, double-click to see all; charts share their time and cursor. Bands are intervals between ${data.replications} replications${data.replications === 1 ? ": there are none of one" : ""}.${data.warm_up > 0 ? " Shaded at the beginning: warm-up, which tables leave out." : ""}${data.events.length > 0 ? " Upright lines: what the table below the charts lists." : ""}`);
  tabs.prepend(list, tools);

  const choice = tabs.querySelector(".choice");
  if (choice && parts.length > 1) {
    const names = shortened(parts);
    const items = parts.map((name, n) => {
      const slot = data.charts.flatMap((chart) => chart.series).find((series) => series.of === name).slot;
      const is = parts.length <= 6 || first.has(name);
      const button = make("button", { type: "button", title: name, "aria-pressed": is },
        make("i", { class: `swatch s${slot}` }), make("bdi", {}, names[n]));
      button.addEventListener("click", () => {
        const shown = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", shown);
        for (const figure of choice.parentElement.querySelectorAll(".chart")) {
          for (const series of data.charts[figure.dataset.chart].series) {
            if (series.of === name) show(Number(figure.dataset.chart), series.name, shown);
          }
        }
      });
      return make("li", {}, button);
    });
    const some = parts.length > 6 ? `Parts (the busiest ${Math.min(6, parts.length)} of ${parts.length} are shown at first)` : "Parts";
    choice.append(make("div", { class: "note" }, some), make("ul", { "aria-label": "Parts shown" }, ...items));
  }
  choose(buttons[0]);
})();
