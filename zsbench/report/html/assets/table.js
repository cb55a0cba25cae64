// A table whose columns sort and whose rows turn pages.
// Columns: {title, value(row), cell(row) or nothing, number: true where it stands right, help}, and `line`, the line of a
// row (1, 2, 3) on which the column stands where the window is too narrow for all of them beside each other; `named`
// columns then show their title.
function sortedTable({ caption, columns, perPage }) {
  const state = { rows: [], column: null, sign: 1, page: 0 };
  const body = el("tbody", { role: "rowgroup" });
  const turning = el("div");
  const heads = columns.map((column, number) =>
    el(
      "th",
      { scope: "col", role: "columnheader", class: column.number ? "number" : null, "aria-sort": "none", title: column.help || null },
      column.value
        ? el("button", { type: "button", onclick: () => sort(number) }, column.title, el("span", { class: "mark", "aria-hidden": "true" }))
        : column.title,
    ),
  );
  const table = el("table", { class: "sorted", role: "table" }, el("caption", {}, caption), el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)), body);
  const box = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);

  // Rows fold into lines where a column would lie outside the window, however long names are.
  function fit() {
    if (!table.isConnected) return;
    table.classList.remove("folded");
    table.classList.toggle("folded", box.scrollWidth > box.clientWidth + 1);
  }
  new ResizeObserver(fit).observe(box);

  function sort(number) {
    if (state.column !== number) [state.column, state.sign] = [number, columns[number].number ? -1 : 1];
    else if (state.sign === (columns[number].number ? -1 : 1)) state.sign = -state.sign;
    else [state.column, state.sign] = [null, 1];
    heads.forEach((head, i) =>
      head.setAttribute("aria-sort", i !== state.column ? "none" : state.sign > 0 ? "ascending" : "descending"),
    );
    state.page = 0;
    draw();
  }

  function ordered() {
    if (state.column === null) return state.rows;
    const { value } = columns[state.column];
    return state.rows
      .map((row, place) => [value(row), place, row])
      .sort((a, b) => compareValues(a[0], b[0], state.sign) || a[1] - b[1])
      .map((entry) => entry[2]);
  }

  function draw(all) {
    const rows = ordered();
    const pages = all ? 1 : Math.max(1, Math.ceil(rows.length / perPage));
    state.page = Math.min(state.page, pages - 1);
    const shown = all ? rows : rows.slice(state.page * perPage, (state.page + 1) * perPage);
    body.replaceChildren();
    let above = null;
    for (const row of shown) {
      const cells = columns.map((column, number) => {
        const content = column.cell ? column.cell(row) : column.value(row);
        // A name that repeats the row above is there for readers, quietly for eyes.
        const same = column.name && state.column === null && above && columns.slice(0, number + 1).every((one) => !one.name || one.value(row) === one.value(above));
        const classes = [column.number ? "number" : "", same ? "same" : "", column.class || ""].join(" ").trim();
        const places = { class: `${classes} line-${column.line || 3}`.trim(), role: "cell", "data-title": column.named ? column.title : null };
        return el("td", places, content);
      });
      body.append(el("tr", { role: "row" }, cells));
      above = row;
    }
    if (!shown.length) body.append(el("tr", { role: "row" }, el("td", { role: "cell", colspan: columns.length, class: "empty" }, "No rows are left by these filters.")));
    fit();
    const turn = pager(state.page, pages, (page) => { state.page = page; draw(); });
    keepFocus(turning, () => turning.replaceChildren(...(turn ? [turn] : [])));
  }

  window.addEventListener("beforeprint", () => table.isConnected && state.rows.length <= 5000 && draw(true));
  window.addEventListener("afterprint", () => table.isConnected && draw());
  return {
    node: el("div", {}, box, turning),
    show(rows) { state.rows = rows; state.page = 0; draw(); },
  };
}

// An interval as a line with its value as a point, on the scale of all rows of its task and metric.
function forest(row, scale) {
  if (row.value === null || row.low === null || row.high === null) return null;
  const [least, most] = scale;
  const x = (value) => (4 + (92 * (value - least)) / (most - least || 1)).toFixed(2);
  return svg(
    "svg",
    { class: "forest", viewBox: "0 0 100 12", "aria-hidden": "true" },
    svg("line", { class: "axis", x1: 4, x2: 96, y1: 6, y2: 6 }),
    svg("line", { class: "range", x1: x(row.low), x2: x(row.high), y1: 6, y2: 6 }),
    svg("circle", { cx: x(row.value), cy: 6, r: 3 }),
  );
}

views.table = {
  title: "Table",
  draw(where) {
    const rows = report.rows;
    const chosen = { task: "", model: "", method: "", metric: "", words: "" };
    const scales = new Map();
    for (const row of rows) {
      const key = `${runs[row.run].task}\n${row.metric}`;
      const [least, most] = scales.get(key) || [Infinity, -Infinity];
      const ends = [row.value, row.low, row.high].filter((end) => end !== null);
      scales.set(key, [Math.min(least, ...ends), Math.max(most, ...ends)]);
    }
    const run = (row) => runs[row.run];
    const columns = [
      { title: "Task", name: true, line: 1, value: (row) => run(row).task, cell: (row) => [run(row).task, run(row).synthetic ? el("span", { class: "quiet" }, " (synthetic)") : ""] },
      { title: "Model", name: true, line: 1, value: (row) => run(row).model },
      { title: "Method", name: true, line: 1, value: (row) => run(row).method + run(row).variant, cell: (row) => [run(row).method, run(row).variant ? el("span", { class: "quiet" }, ` (${run(row).variant})`) : "", run(row).marks ? el("span", { class: "note-mark" }, ` ${run(row).marks}`) : ""] },
      { title: "Metric", class: "lead", line: 2, value: (row) => row.metric, cell: (row) => [row.metric, " ", el("span", { class: "quiet", "aria-label": `${row.better} is better` }, arrow(row.better))] },
      { title: "Value", number: true, line: 2, value: (row) => row.value, cell: (row) => row.value_text },
      { title: report.interval_title, number: true, line: 2, help: "Sorts by the width of the interval", value: (row) => (row.low === null ? null : row.high - row.low), cell: (row) => el("span", { title: row.interval_method }, row.interval_text, row.note ? el("span", { class: "note-mark", title: row.note }, " ~") : "") },
      { title: "", class: "drawn", cell: (row) => forest(row, scales.get(`${run(row).task}\n${row.metric}`)) },
      ...(rows.some((row) => row.published_text) ? [
        { title: "Published", number: true, named: true, value: (row) => row.published, cell: (row) => row.published_text },
        { title: "Difference", number: true, named: true, value: (row) => row.difference, cell: (row) => row.difference_text },
      ] : []),
      { title: "n", number: true, named: true, value: (row) => row.n },
      { title: "Cost", named: true, value: (row) => run(row).cost, class: "quiet" },
      ...(views.items ? [{ title: "", cell: (row) => (run(row).items ? el("a", { href: `#items/${row.run}` , "aria-label": `Items of ${run(row).task}, ${runName(row.run)}` }, "items") : null) }] : []),
    ];
    const table = sortedTable({ caption: "All results", columns, perPage: 200 });
    const count = el("p", { class: "count", role: "status" });
    const text = (row) => [run(row).task, run(row).model, run(row).method, run(row).variant, row.metric, run(row).protocol].join(" ").toLowerCase();
    const texts = new Map(rows.map((row) => [row, text(row)]));
    function filter() {
      const words = chosen.words.toLowerCase().split(/\s+/).filter(Boolean);
      const left = rows.filter((row) =>
        (!chosen.task || run(row).task === chosen.task) && (!chosen.model || run(row).model === chosen.model)
        && (!chosen.method || run(row).method === chosen.method) && (!chosen.metric || row.metric === chosen.metric)
        && words.every((word) => texts.get(row).includes(word)));
      count.textContent = left.length === rows.length ? `${rows.length} rows` : `${left.length} of ${rows.length} rows`;
      table.show(left);
    }
    const pick = (key) => (value) => { chosen[key] = value; filter(); };
    where.append(
      el("form", { class: "filters", role: "search", "aria-label": "Filter the table", onsubmit: (event) => event.preventDefault() },
        search("Search", pick("words")),
        select("Task", choices("all tasks", runs.map((one) => one.task)), pick("task")),
        select("Model", choices("all models", runs.map((one) => one.model)), pick("model")),
        select("Method", choices("all methods", runs.map((one) => one.method)), pick("method")),
        select("Metric", choices("all metrics", rows.map((row) => row.metric)), pick("metric"))),
      count, table.node,
      report.notes.length ? el("section", { class: "notes", "aria-label": "Notes" }, el("ul", {}, report.notes.map((note) => el("li", {}, note)))) : "",
    );
    filter();
  },
};
