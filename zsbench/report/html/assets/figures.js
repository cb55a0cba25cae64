// Figures are drawn as SVG from the same plain data that `zsbench plot` draws into files.
const WIDE = 620;
const KINDS = { bars: "Values", pareto: "Cost against value", curve: "Curves", classes: "Classes", frequency: "Concept frequency" };

const scaled = (figure) => (figure.unit === "%" ? 100 : 1);
const tickText = (value) => (value !== 0 && (Math.abs(value) >= 1e4 || Math.abs(value) < 1e-3) ? value.toExponential(0).replace("e+", "e") : String(Number(value.toPrecision(6))));

function niceTicks(least, most, wanted) {
  const raw = (most - least) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999);
  const ticks = [];
  for (let at = Math.ceil(least / step - 1e-9); at * step <= most + step * 1e-9; at += 1) ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}

function logTicks(least, most) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1)
    for (const factor of [1, 2, 5]) ticks.push(factor * 10 ** power);
  const inside = ticks.filter((tick) => tick >= least * 0.999 && tick <= most * 1.001);
  const whole = inside.filter((tick) => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9);
  return whole.length >= 3 ? whole : inside.length ? inside : [least, most];
}

// Colour and shape tell series apart, so that neither is needed alone.
function marker(x, y, series, muted, title, strong) {
  const r = strong ? 5.5 : 4.2;
  const shapes = [
    () => svg("circle", { cx: x, cy: y, r }),
    () => svg("rect", { x: x - r * 0.9, y: y - r * 0.9, width: r * 1.8, height: r * 1.8 }),
    () => svg("path", { d: `M${x} ${y - r * 1.2}L${x + r * 1.1} ${y + r * 0.8}L${x - r * 1.1} ${y + r * 0.8}Z` }),
    () => svg("path", { d: `M${x} ${y - r * 1.3}L${x + r * 1.3} ${y}L${x} ${y + r * 1.3}L${x - r * 1.3} ${y}Z` }),
  ];
  const node = shapes[series % shapes.length]();
  node.setAttribute("class", `point ${muted ? "muted" : `c${series % 8}`}`);
  if (title) node.append(svg("title", {}, title));
  return node;
}

function pointTitle(figure, point) {
  const factor = scaled(figure);
  const unit = figure.unit ? ` ${figure.unit}` : "";
  const ends = point.low === null || point.high === null ? "" : ` (${number(point.low * factor)} – ${number(point.high * factor)})`;
  const x = typeof point.x === "number" ? `, ${figure.x} ${number(point.x)}` : "";
  return `${point.label || point.x}${x}: ${number(point.y * factor)}${unit}${ends}${point.note ? ` ~ ${point.note}` : ""}`;
}

function ends(figure) {
  const values = figure.series.flatMap((series) => series.points.flatMap((point) => [point.y, point.low, point.high]));
  return [...values, ...figure.levels.map((level) => level.y)].filter((value) => value !== null).map((value) => value * scaled(figure));
}

const clipped = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// Names at the left, values along the bottom: bars, and classes with a point a run.
function lying(figure) {
  const factor = scaled(figure);
  const ofClasses = figure.kind === "classes";
  const rows = [];
  figure.series.forEach((series, s) => series.points.forEach((point) => {
    const name = ofClasses ? String(point.x) : `${point.label || point.x}${point.note ? " ~" : ""}`;
    const row = ofClasses && rows.find((one) => one.name === name);
    if (row) row.points.push([s, series, point]);
    else rows.push({ name, points: [[s, series, point]] });
  }));
  const left = Math.min(290, 24 + 6.6 * Math.max(...rows.map((row) => Math.min(row.name.length, 42))));
  const step = ofClasses ? 20 : 26;
  const top = figure.levels.length ? 24 : 8;
  const bottom = top + rows.length * step;
  const values = ends(figure);
  const least = Math.min(0, ...values);
  const most = Math.max(...values, least + 1e-9);
  const x = (value) => left + ((WIDE - 20 - left) * (value - least)) / (most - least);
  const parts = [];
  for (const tick of niceTicks(least, most, 6)) {
    parts.push(svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: bottom }), svg("text", { x: x(tick), y: bottom + 16, "text-anchor": "middle" }, tickText(tick)));
  }
  rows.forEach((row, r) => {
    const middle = top + (r + 0.5) * step;
    parts.push(svg("text", { class: "name", x: left - 10, y: middle + 4, "text-anchor": "end" }, clipped(row.name, 42), svg("title", {}, row.name)));
    row.points.forEach(([s, series, point], n) => {
      const y = middle + (n - (row.points.length - 1) / 2) * Math.min(5, step / (row.points.length + 1));
      const colour = series.muted ? "muted" : `c${s % 8}`;
      if (!ofClasses) parts.push(svg("rect", { class: `block ${colour}`, x: Math.min(x(0), x(point.y * factor)), y: middle - 8, width: Math.abs(x(point.y * factor) - x(0)), height: 16 }));
      if (point.low !== null && point.high !== null) parts.push(svg("line", { class: `whisker ${ofClasses ? colour : "dark"}${point.note ? " doubted" : ""}`, x1: x(point.low * factor), x2: x(point.high * factor), y1: y, y2: y }));
      parts.push(marker(x(point.y * factor), y, s, series.muted, pointTitle(figure, point), false));
    });
  });
  for (const level of figure.levels) {
    const at = x(level.y * factor);
    parts.push(svg("line", { class: "level", x1: at, x2: at, y1: top, y2: bottom }), svg("text", { class: "quiet", x: at, y: top - 7, "text-anchor": "middle" }, level.name));
  }
  parts.push(svg("text", { class: "axis-title", x: (left + WIDE - 20) / 2, y: bottom + 36, "text-anchor": "middle" }, axisTitle(figure)));
  return svg("svg", { class: "chart", viewBox: `0 0 ${WIDE} ${bottom + 44}`, role: "img", "aria-label": `${KINDS[figure.kind]}: ${figure.title}, ${figure.y}` }, parts);
}

// Lines of levels from the top, each with its name above it, or below where another line would run through the name.
// Names that would cover each other stand side by side.
function levelLines(figure, y, left, right, bottom) {
  const places = figure.levels.map((level) => [y(level), level]).sort((a, b) => a[0] - b[0]);
  const [lines, names, taken] = [[], [], []];
  places.forEach(([at, level], n) => {
    const struck = n > 0 && at - places[n - 1][0] < 18;
    const clear = at + 16 < bottom && (n + 1 === places.length || places[n + 1][0] - at > 18);
    const middle = struck && clear ? at + 14 : at - 5;
    const width = 12 + 6.4 * level.name.length;
    let end = right;
    for (const other of taken) if (Math.abs(other.middle - middle) < 13 && end > other.end - other.width) end = Math.min(end, other.end - other.width);
    taken.push({ middle, end, width });
    lines.push(svg("line", { class: "level", x1: left, x2: right, y1: at, y2: at }));
    names.push(svg("text", { class: "quiet halo", x: end, y: middle, "text-anchor": "end" }, level.name));
  });
  return [...lines, ...names];
}

const axisTitle = (figure) => `${figure.y}${figure.unit ? ` in ${figure.unit}` : ""} ${arrow(figure.better)}`;

// A number along the bottom, the value upwards: curves, and cost against value with its front.
function standing(figure) {
  const factor = scaled(figure);
  const [left, right, top, bottom] = [62, WIDE - 24, 26, 330];
  const points = figure.series.flatMap((series) => series.points);
  const categories = figure.scale === "categories" ? distinct(points.map((point) => String(point.x))) : null;
  const at = (point) => (categories ? categories.indexOf(String(point.x)) : Number(point.x));
  const xs = points.map(at);
  let [xLeast, xMost] = [Math.min(...xs), Math.max(...xs)];
  const log = figure.scale === "log" && xLeast > 0;
  if (log) [xLeast, xMost] = [xLeast / 1.15, xMost * 1.15];
  else {
    const pad = (xMost - xLeast) * 0.04 || Math.max(1, Math.abs(xMost) * 0.1);
    [xLeast, xMost] = [xLeast - pad, xMost + pad];
  }
  const run = log ? Math.log : (value) => value;
  const x = (value) => left + ((right - left) * (run(value) - run(xLeast))) / (run(xMost) - run(xLeast) || 1);
  const values = ends(figure);
  const pad = (Math.max(...values) - Math.min(...values) || 1) * 0.06;
  // The name of the lowest level may stand below its line.
  const [yLeast, yMost] = [Math.min(...values) - pad * (figure.levels.length ? 1.6 : 1), Math.max(...values) + pad];
  const y = (value) => bottom - ((bottom - top) * (value - yLeast)) / (yMost - yLeast);
  const parts = [];
  for (const tick of niceTicks(yLeast, yMost, 6)) parts.push(svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }), svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick)));
  const ticks = categories ? categories.map((_, n) => n) : log ? logTicks(xLeast, xMost) : niceTicks(xLeast, xMost, 7);
  for (const tick of ticks) parts.push(svg("line", { class: "tick", x1: x(tick), x2: x(tick), y1: bottom, y2: bottom + 4 }), svg("text", { x: x(tick), y: bottom + 18, "text-anchor": "middle" }, categories ? clipped(categories[tick], 18) : tickText(tick)));
  parts.push(svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }));
  parts.push(...levelLines(figure, (level) => y(level.y * factor), left, right, bottom));
  const front = points.filter((point) => point.mark === "front").sort((a, b) => at(a) - at(b));
  if (front.length > 1) parts.push(svg("polyline", { class: "front", points: front.map((point) => `${x(at(point))},${y(point.y * factor)}`).join(" ") }));
  figure.series.forEach((series, s) => {
    const colour = series.muted ? "muted" : `c${s % 8}`;
    const line = figure.kind === "curve" ? series.points : series.points.filter((point) => point.mark === "end");
    if (line.length > 1) parts.push(svg("polyline", { class: `line ${colour}`, points: line.map((point) => `${x(at(point))},${y(point.y * factor)}`).join(" ") }));
    for (const point of series.points.filter((one) => one.mark !== "end")) {
      const place = [x(at(point)), y(point.y * factor)];
      if (point.low !== null && point.high !== null) parts.push(svg("line", { class: `whisker ${colour}`, x1: place[0], x2: place[0], y1: y(point.low * factor), y2: y(point.high * factor) }));
      parts.push(marker(...place, s, series.muted, pointTitle(figure, point), point.mark === "front"));
      if (figure.kind === "pareto") {
        const atRight = place[0] > (left + right) / 2;
        parts.push(svg("text", { class: "quiet", x: place[0] + (atRight ? -10 : 10), y: place[1] - 7, "text-anchor": atRight ? "end" : "start" }, `${clipped(point.label, 44)}${point.note ? " ~" : ""}`));
      }
    }
  });
  parts.push(svg("text", { class: "axis-title", x: (left + right) / 2, y: bottom + 42, "text-anchor": "middle" }, figure.x), svg("text", { class: "axis-title", x: left, y: 13, "text-anchor": "start" }, axisTitle(figure)));
  return svg("svg", { class: "chart", viewBox: `0 0 ${WIDE} ${bottom + 52}`, role: "img", "aria-label": `${KINDS[figure.kind]}: ${figure.title}, ${figure.y} by ${figure.x}` }, parts);
}

function figureNode(figure) {
  const lie = figure.kind === "bars" || figure.kind === "classes";
  const names = figure.series.map((series, s) => el("li", {}, svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, marker(6, 6, s, series.muted, "", false)), series.name || "all"));
  const factor = scaled(figure);
  const cell = (value) => el("td", { class: "number" }, value === null ? "" : number(value * factor));
  const numbers = el("details", {}, el("summary", {}, "Numbers"), el("div", { class: "scroll" }, el("table", { class: "small" },
    el("thead", {}, el("tr", {}, ["series", figure.x || "", `${figure.y}${figure.unit ? ` (${figure.unit})` : ""}`, "low", "high"].map((name, n) => el("th", { scope: "col", class: n > 1 ? "number" : null }, name)))),
    el("tbody", {}, figure.series.flatMap((series) => series.points.filter((point) => point.mark !== "end").map((point) => el("tr", {}, el("td", {}, figure.kind === "classes" ? series.name : point.label || series.name), el("td", {}, typeof point.x === "number" ? number(point.x) : point.x), cell(point.y), cell(point.low), cell(point.high))))))));
  return el("figure", { class: "figure" },
    el("figcaption", {}, el("h2", {}, figure.title), el("span", { class: "quiet" }, `${KINDS[figure.kind]}: ${figure.y}${["curve", "pareto", "frequency"].includes(figure.kind) ? ` by ${figure.x}` : ""}${figure.confidence ? `, ${number(100 * figure.confidence)} % intervals` : ""}`)),
    figure.series.length > 1 || figure.kind === "classes" ? el("ul", { class: "key" }, names) : "",
    el("div", { class: "scroll" }, lie ? lying(figure) : standing(figure)),
    figure.notes.length ? el("ul", { class: "notes" }, figure.notes.map((note) => el("li", {}, note))) : "", numbers);
}

views.figures = {
  title: "Figures",
  shown: () => (report.figures || []).length > 0,
  draw(where, rest) {
    const chosen = { kind: Object.hasOwn(KINDS, rest[0]) ? rest[0] : "", task: "" };
    const all = report.figures;
    const below = el("div", { class: "figures" });
    const count = el("p", { class: "count", role: "status" });
    const draw = () => {
      const kept = all.filter((figure) => (!chosen.kind || figure.kind === chosen.kind) && (!chosen.task || figure.title === chosen.task));
      count.textContent = `${kept.length} of ${all.length} figures`;
      below.replaceChildren(...kept.slice(0, 60).map(figureNode));
      if (kept.length > 60) count.textContent += "; the first 60 are drawn";
    };
    const pick = (key) => (value) => { chosen[key] = value; draw(); };
    where.append(el("form", { class: "filters", "aria-label": "Choose figures", onsubmit: (event) => event.preventDefault() },
      select("Kind", [["", "all kinds"], ...Object.entries(KINDS).filter(([kind]) => all.some((figure) => figure.kind === kind))], pick("kind"), chosen.kind),
      select("Task", choices("all tasks", all.map((figure) => figure.title)), pick("task"))), count, below);
    draw();
  },
};
