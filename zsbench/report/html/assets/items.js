// Files beside the page arrive as scripts that call this: a page from disk may load scripts, and fetch nothing.
const arrived = new Map();
const waiting = new Map();
window.zsbenchData = (key, value) => arrived.set(key, value);

function load(key) {
  if (arrived.has(key)) return Promise.resolve(arrived.get(key));
  if (waiting.has(key)) return waiting.get(key);
  const [run, name] = key.split("/");
  const src = `data/runs/${run}/${name === "index" ? name : name.padStart(5, "0")}.js`;
  const promise = new Promise((resolve, reject) => {
    const script = el("script", { src });
    const over = (then) => () => { script.remove(); waiting.delete(key); then(); };
    script.addEventListener("load", over(() => (arrived.has(key) ? resolve(arrived.get(key)) : reject(new Error(`${src} is not what the page expects`)))));
    script.addEventListener("error", over(() => reject(new Error(`${src} is missing beside this page`))));
    document.head.append(script);
  });
  waiting.set(key, promise);
  // Chunks that were looked at long ago make room; indexes stay.
  const chunks = [...arrived.keys()].filter((one) => !one.endsWith("/index"));
  for (const old of chunks.slice(0, Math.max(0, chunks.length - 60))) arrived.delete(old);
  return promise;
}

const itemState = { run: null, other: null, index: null, against: null, places: [], list: [], page: 0, at: null, show: "all", cls: "", group: "", order: "data", words: "" };
const ITEMS_A_PAGE = 40;

const withItems = () => runs.map((run, n) => [run, n]).filter(([run]) => run.items).map((pair) => pair[1]);
const fullName = (n) => `${runs[n].task}: ${runName(n)}`;

views.items = {
  title: "Items",
  shown: () => withItems().length > 0,
  draw(where, rest) {
    const parts = (this.parts = { notice: el("div"), controls: el("form", { class: "filters", role: "search", "aria-label": "Choose items", onsubmit: (event) => event.preventDefault() }), status: el("p", { class: "count", role: "status" }), list: el("div", { class: "list" }), detail: el("article", { class: "detail", "aria-live": "polite" }) });
    where.append(parts.notice, parts.controls, parts.status, el("div", { class: "items" }, parts.list, parts.detail));
    itemState.run = null;
    this.follow(rest);
  },
  async follow(rest) {
    const known = withItems();
    const [asked, beside] = [runNumber(rest[0], known), runNumber(rest[2], known)];
    const run = asked === null || Number.isNaN(asked) ? known[0] : asked;
    const missing = [asked, beside].map((one, n) => (Number.isNaN(one) ? `There is no run ${rest[2 * n]} with items in this report.` : "")).filter(Boolean);
    if (Number.isNaN(asked)) missing.push(`Shown is ${fullName(run)}.`);
    views.items.parts.notice.replaceChildren(...(missing.length ? [notice(missing.join(" "))] : []));
    try {
      if (run !== itemState.run) await openRun(run);
      if (beside !== null && !Number.isNaN(beside)) await openOther(beside);
      if (rest[1] !== undefined && rest[1] !== "" && !Number.isNaN(asked)) await showItem(rest[1]);
      else if (itemState.list.length) await showItem(itemState.list[0]);
      else views.items.parts.detail.replaceChildren();
    } catch (problem) {
      views.items.parts.status.textContent = problem.message;
    }
  },
};

async function openRun(run) {
  const index = await load(`${run}/index`);
  Object.assign(itemState, { run, index, other: null, against: null, places: [], page: 0, at: null, show: "all", cls: "", group: "", order: "data", words: "" });
  controls();
  filterItems();
}

// Another run over the same items, joined by id, so that a sample of them compares, too.
async function openOther(value) {
  itemState.other = value === "" ? null : Number(value);
  itemState.against = itemState.other === null ? null : await load(`${itemState.other}/index`);
  const places = itemState.against && new Map(itemState.against.ids.map((id, place) => [id, place]));
  itemState.places = places ? itemState.index.ids.map((id) => (places.has(id) ? places.get(id) : -1)) : [];
  if (!itemState.against && ["differ", "won", "lost"].includes(itemState.show)) itemState.show = "all";
  controls();
  filterItems();
  if (itemState.at !== null) showItem(itemState.at);
}

function controls() {
  const { run, index, other, against } = itemState;
  const about = runs[run].items;
  const set = (key) => (value) => { itemState[key] = value; itemState.page = 0; filterItems(); };
  const others = withItems().filter((n) => n !== run && runs[n].task === runs[run].task);
  const shows = [["all", "all items"]];
  const judged = about.judged_by;
  if (index.right) shows.push(...(about.is_share ? [["wrong", `wrong (${judged})`], ["right", `right (${judged})`]] : [["wrong", `${judged} below 1`], ["right", `${judged} of 1`]]));
  if (index.margin) shows.push(["margin", "low margin (the least tenth)"]);
  if (against) {
    shows.push(["differ", "answers differ"]);
    if (index.right && against.right) shows.push(["won", about.is_share ? "right here, wrong there" : `${judged} of 1 only here`], ["lost", about.is_share ? "wrong here, right there" : `${judged} of 1 only there`]);
  }
  const orders = [["data", "as in the data"]];
  for (const name of Object.keys(index.values)) orders.push([`low ${name}`, `${name}, lowest first`], [`high ${name}`, `${name}, highest first`]);
  if (index.margin) orders.push(["margin", "margin, lowest first"]);
  if (against) for (const name of Object.keys(index.values)) if (against.values[name]) orders.push([`change ${name}`, `change of ${name}, largest first`]);
  const few = (column) => column && column.names.length > 1;
  const fields = [
    select("Run", withItems().map((n) => [n, fullName(n)]), (value) => { location.hash = `#items/${value}`; }, run),
    others.length ? select("Beside it", [["", "no other run"], ...others.map((n) => [n, runName(n)])], openOther, other === null ? "" : other) : null,
    select("Show", shows, set("show"), itemState.show),
    few(index.classes) ? select("Class", [["", "all classes"], ...index.classes.names.map((name, n) => [n, name]).sort((a, b) => compareValues(a[1], b[1], 1))], set("cls"), itemState.cls) : null,
    few(index.group) ? select("Group", [["", "all groups"], ...index.group.names.map((name, n) => [n, name])], set("group"), itemState.group) : null,
    select("Order", orders, set("order"), itemState.order),
    search("Search", set("words"), itemState.words),
  ].filter(Boolean);
  keepFocus(views.items.parts.controls, () => views.items.parts.controls.replaceChildren(...fields));
}

function keptBy(show) {
  const { index, against, places } = itemState;
  const right = index.right;
  const there = (place) => (places[place] >= 0 ? places[place] : null);
  const answer = (one, place) => one.answer.names[one.answer.of[place]];
  return {
    all: () => true,
    wrong: (n) => right[n] === 0,
    right: (n) => right[n] === 1,
    margin: (n) => index.margin[n] !== null && index.margin[n] <= index.low_margin,
    differ: (n) => there(n) !== null && answer(index, n) !== answer(against, there(n)),
    won: (n) => there(n) !== null && right[n] === 1 && against.right[there(n)] === 0,
    lost: (n) => there(n) !== null && right[n] === 0 && against.right[there(n)] === 1,
  }[show];
}

function orderOf(order) {
  const { index, against, places } = itemState;
  const [how, ...rest] = order.split(" ");
  const name = rest.join(" ");
  if (how === "margin") return (n) => index.margin[n];
  if (how === "low") return (n) => index.values[name][n];
  if (how === "high") return (n) => (index.values[name][n] === null ? null : -index.values[name][n]);
  if (how === "change") return (n) => {
    const [a, b] = [index.values[name][n], places[n] >= 0 ? against.values[name][places[n]] : null];
    return a === null || b === null ? null : -Math.abs(a - b);
  };
  return null;
}

function filterItems() {
  const { index, show, cls, group, order } = itemState;
  const keep = keptBy(show);
  const words = itemState.words.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (n) => `${index.ids[n]} ${index.gold.names[index.gold.of[n]]} ${index.answer.names[index.answer.of[n]]}`.toLowerCase();
  let list = [];
  for (let n = 0; n < index.ids.length; n += 1) {
    if (!keep(n)) continue;
    if (cls !== "" && !index.classes.of[n].includes(Number(cls))) continue;
    if (group !== "" && index.group.of[n] !== Number(group)) continue;
    if (words.length) {
      const here = text(n);
      if (!words.every((word) => here.includes(word))) continue;
    }
    list.push(n);
  }
  const value = orderOf(order);
  if (value) list = list.map((n) => [value(n), n]).sort((a, b) => compareValues(a[0], b[0], 1) || a[1] - b[1]).map((pair) => pair[1]);
  itemState.list = list;
  const about = runs[itemState.run].items;
  const all = about.n === about.total ? `${about.n}` : `${about.n} (a sample of ${about.total})`;
  const reason = about.reason ? ` The data cannot be read any more (${about.reason}), so items are shown as far as the result keeps them.` : "";
  views.items.parts.status.textContent = `${list.length} of ${all} items.${reason}`;
  drawList();
}

function drawList() {
  const { index, list, page, run } = itemState;
  const about = runs[run].items;
  const pages = Math.max(1, Math.ceil(list.length / ITEMS_A_PAGE));
  const metric = about.judged_by || Object.keys(index.values)[0];
  const shown = list.slice(page * ITEMS_A_PAGE, (page + 1) * ITEMS_A_PAGE);
  const rows = shown.map((n) => {
    const right = index.right ? index.right[n] : null;
    const word = !about.is_share ? "" : right === 1 ? "right" : right === 0 ? "wrong" : "";
    const value = metric === undefined ? null : index.values[metric][n];
    return el("li", {},
      el("a", { href: `#items/${run}/${n}`, "data-item": n, "aria-current": n === itemState.at ? "true" : null },
        index.thumbs ? (index.thumbs.of[n] ? el("img", { src: index.thumbs.start + index.thumbs.of[n], alt: "", loading: "lazy" }) : "") : "",
        el("span", { class: "lines" },
          el("span", { class: "line" }, el("span", { class: "id" }, index.ids[n]), el("span", { class: `value ${word}` }, word || (value === null ? "" : `${metric} ${number(value)}`))),
          el("span", { class: "line quiet" }, el("span", { class: "gold-text" }, index.gold.names[index.gold.of[n]]), el("span", { class: "answer-text" }, `→ ${index.answer.names[index.answer.of[n]]}`)))));
  });
  const turn = pager(page, pages, (next) => { itemState.page = next; drawList(); });
  const drawn = rows.length ? el("ol", { class: "rows", start: page * ITEMS_A_PAGE + 1 }, rows) : el("p", { class: "empty" }, "No items are left by these filters.");
  keepFocus(views.items.parts.list, () => views.items.parts.list.replaceChildren(drawn, ...(turn ? [turn] : [])));
}

async function drawingOf(run, place) {
  const size = runs[run].items.chunk;
  const chunk = await load(`${run}/${Math.floor(place / size)}`);
  return drawing(chunk[place % size]);
}

async function showItem(written) {
  const { run, index, other, places, list } = itemState;
  const where = views.items.parts.detail;
  const n = /^\d+$/.test(written) ? Number(written) : NaN;
  if (!(n < index.ids.length)) {
    itemState.at = null;
    drawList();
    where.replaceChildren(notice(`This run has no item number ${written}.`));
    return;
  }
  itemState.at = n;
  const place = list.indexOf(n);
  if (place >= 0 && Math.floor(place / ITEMS_A_PAGE) !== itemState.page) {
    itemState.page = Math.floor(place / ITEMS_A_PAGE);
    drawList();
  }
  for (const link of views.items.parts.list.querySelectorAll("a")) {
    if (Number(link.dataset.item) === n) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  const beside = other === null || places[n] < 0 ? null : places[n];
  const drawn = [await drawingOf(run, n), beside === null ? null : await drawingOf(other, beside)];
  if (itemState.at !== n || itemState.run !== run || itemState.other !== other) return;
  const step = (by, text, label) => el("button", { type: "button", "aria-label": label, disabled: place < 0 || place + by < 0 || place + by >= list.length, onclick: () => moveItem(by) }, text);
  const facts = (one, at, name) => el("dl", { class: "facts" }, [
    ["gold", index.gold.names[index.gold.of[n]]],
    ["answer", one.answer.names[one.answer.of[at]]],
    ...Object.entries(one.values).map(([metric, column]) => [metric, column[at] === null ? "undefined" : number(column[at])]),
    ...(one.margin ? [["margin", one.margin[at] === null ? "" : number(one.margin[at])]] : []),
    ...(one.group ? [["group", one.group.names[one.group.of[at]]]] : []),
    ...(one.cluster ? [["cluster", one.cluster.names[one.cluster.of[at]]]] : []),
  ].filter((pair) => pair[1] !== "").map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd", {}, value))));
  keepFocus(where, () => where.replaceChildren(
    el("div", { class: "detail-head" }, el("h2", { class: "id" }, index.ids[n]), el("span", { class: "steps" }, step(-1, "‹", "Previous item"), step(1, "›", "Next item"))),
    ...(beside === null ? [] : [el("h3", { class: "run" }, runName(run))]),
    facts(index, n), drawn[0],
    ...(beside === null ? [] : [el("h3", { class: "run" }, runName(other)), facts(itemState.against, beside), drawn[1]]),
  ));
}

function moveItem(by) {
  const place = itemState.list.indexOf(itemState.at);
  const next = itemState.list[place + by];
  if (place >= 0 && next !== undefined) location.hash = `#items/${itemState.run}/${next}`;
}

// Arrow keys walk through the list, except where a field or a select has use for them.
document.addEventListener("keydown", (event) => {
  if (main.dataset.view !== "items" || event.altKey || event.ctrlKey || event.metaKey) return;
  if (["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName)) return;
  const by = { j: 1, k: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by) { event.preventDefault(); moveItem(by); }
});
