// Elements are made here and nowhere else: texts of others become text nodes, never markup.
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

const report = JSON.parse(document.getElementById("report-data").textContent);
const runs = report.runs;
const main = document.getElementById("main");

// The parts of the report by the word in the address: {title, draw(where, rest of the address), shown()}.
const views = {};

const arrow = (better) => (better === "higher" ? "↑" : "↓");

function runName(number) {
  const run = runs[number];
  return `${run.model} / ${run.method}${run.variant ? ` (${run.variant})` : ""}`;
}

// A labelled <select>; options are [value, text] pairs, the first one chosen unless `chosen` names another.
function select(label, options, onchange, chosen) {
  const box = el("select", { onchange: () => onchange(box.value) });
  for (const [value, text] of options) box.append(el("option", { value, selected: String(value) === String(chosen) }, text));
  return el("label", { class: "field" }, el("span", {}, label), box);
}

// A labelled text field that answers shortly after the last key.
function search(label, onchange, value) {
  let waiting;
  const changed = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => onchange(box.value), 120);
  };
  const box = el("input", { type: "search", oninput: changed, value: value || "", spellcheck: "false" });
  return el("label", { class: "field grow" }, el("span", {}, label), box);
}

// The number of a run in an address; null where the address names none, NaN where it is no run among `known`.
function runNumber(text, known) {
  if (text === undefined || text === "") return null;
  return /^\d+$/.test(text) && known.includes(Number(text)) ? Number(text) : NaN;
}

// What an address asks for and nobody has, said above what is shown instead.
const notice = (text) => el("p", { class: "notice", role: "alert" }, text);

const distinct = (values) => [...new Set(values)];
const choices = (all, values) => [["", all], ...distinct(values).map((value) => [value, value])];

// Undefined values stand last, whichever way a column is sorted.
function compareValues(a, b, sign) {
  const missing = (x) => x === null || x === undefined || x === "";
  if (missing(a) || missing(b)) return missing(a) - missing(b);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}

// Buttons that turn pages; nothing where there is one page.
function pager(page, pages, onturn) {
  if (pages < 2) return null;
  const button = (text, label, target) =>
    el("button", { type: "button", "aria-label": label, disabled: target < 0 || target >= pages, onclick: () => onturn(target) }, text);
  return el(
    "nav",
    { class: "pager", "aria-label": "Pages" },
    button("«", "First page", page > 0 ? 0 : -1),
    button("‹ Previous", "Previous page", page - 1),
    el("span", { "aria-live": "polite" }, `Page ${page + 1} of ${pages}`),
    button("Next ›", "Next page", page + 1),
    button("»", "Last page", page < pages - 1 ? pages - 1 : -1),
  );
}

// Draws a part anew and gives the focus back to what had it there, so that keys go on where they were.
function keepFocus(where, draw) {
  const key = (node) => node.getAttribute("aria-label") || node.getAttribute("href") || node.closest("label")?.textContent.slice(0, 12) || node.textContent;
  const active = document.activeElement;
  const held = where.contains(active) && active !== where ? key(active) : null;
  draw();
  if (held === null || (active.isConnected && document.activeElement === active)) return;
  const nodes = [...where.querySelectorAll("a, button:not(:disabled), select, input")];
  (nodes.find((node) => key(node) === held) || where.querySelector("[aria-current]") || nodes[0])?.focus();
}
