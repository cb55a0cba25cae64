// Two rows of a task, compared on the same items: computed beforehand, looked up here.
const pairKey = (a, b) => `${a} ${b}`;
const pairsBy = new Map((report.pairs || []).flatMap((pair) => [[pairKey(pair.a, pair.b), [pair, false]], [pairKey(pair.b, pair.a), [pair, true]]]));
const partners = (a) => runs.map((_, n) => n).filter((n) => pairsBy.has(pairKey(a, n)));

// The same comparison with its sides exchanged.
function turned(row) {
  const swap = (text) => text.replace(/^[+-]|(?<=– )[+-]/g, (sign) => (sign === "+" ? "-" : "+"));
  const ends = row.interval_text.split(" – ").map(swap).reverse();
  const other = { better: "worse", worse: "better", "": "" };
  return { ...row, first_text: row.second_text, second_text: row.first_text, value: -row.value, low: -row.high, high: -row.low, value_text: swap(row.value_text), interval_text: ends.join(" – "), verdict: other[row.verdict], counts: row.counts && [...row.counts].reverse() };
}

views.pairs = {
  title: "Compare",
  shown: () => pairsBy.size > 0,
  draw(where, rest) {
    const known = runs.map((_, n) => n).filter((n) => partners(n).length);
    const asked = [runNumber(rest[0], known)];
    const a = asked[0] === null || Number.isNaN(asked[0]) ? known[0] : asked[0];
    const others = partners(a);
    asked.push(Number.isNaN(asked[0]) ? null : runNumber(rest[1], others));
    const b = asked[1] === null || Number.isNaN(asked[1]) ? others[others.length - 1] : asked[1];
    if (Number.isNaN(asked[0])) where.append(notice(`No run ${rest[0]} is compared with another in this report. Shown is another pair.`));
    if (Number.isNaN(asked[1])) where.append(notice(`Run ${rest[1]} is not compared with the first in this report. Shown is another.`));
    const [pair, reversed] = pairsBy.get(pairKey(a, b));
    const rows = reversed ? pair.rows.map(turned) : pair.rows;
    where.append(
      el("form", { class: "filters", "aria-label": "Choose two rows", onsubmit: (event) => event.preventDefault() },
        select("First", known.map((n) => [n, `${runs[n].task}: ${runName(n)}`]), (value) => { location.hash = `#pairs/${value}`; }, a),
        select("Second", others.map((n) => [n, runName(n)]), (value) => { location.hash = `#pairs/${a}/${value}`; }, b),
        el("button", { type: "button", onclick: () => { location.hash = `#pairs/${b}/${a}`; } }, "Exchange")),
      el("h2", {}, `${runs[a].task}: ${runName(b)} against ${runName(a)}`),
    );
    if (pair.refused) {
      where.append(el("p", {}, `These two cannot be compared: ${pair.refused}.`));
      return;
    }
    const widest = new Map();
    const unit = (row) => row.value_text.split(" ")[1] || "";
    for (const row of rows) widest.set(unit(row), Math.max(widest.get(unit(row)) || 0, Math.abs(row.low), Math.abs(row.high)));
    const words = { better: "better", worse: "worse", "": "no clear difference" };
    const table = sortedTable({
      caption: `Differences of ${runName(b)} to ${runName(a)}`, perPage: 200, columns: [
        { title: "Metric", line: 1, value: (row) => row.metric, cell: (row) => [row.metric, " ", el("span", { class: "quiet", "aria-label": `${row.better} is better` }, arrow(row.better))] },
        { title: "First", number: true, named: true, value: (row) => row.first_text },
        { title: "Second", number: true, named: true, value: (row) => row.second_text },
        { title: "Difference", number: true, line: 2, value: (row) => row.value, cell: (row) => row.value_text },
        { title: `${100 * (rows[0]?.confidence || 0.95)} % interval`, number: true, line: 2, value: (row) => row.high - row.low, cell: (row) => el("span", { title: row.method }, row.interval_text) },
        { title: "", class: "drawn", line: 2, cell: (row) => aroundZero(row, widest.get(unit(row))) },
        { title: "p (Holm)", number: true, named: true, value: (row) => row.p, cell: (row) => row.p_text, help: "Adjusted among the metrics of this pair" },
        { title: "", line: 1, value: (row) => words[row.verdict], cell: (row) => el("span", { class: { better: "good", worse: "bad", "": "quiet" }[row.verdict] }, words[row.verdict]) },
        { title: "n", number: true, named: true, value: (row) => row.n },
        { title: "+ / = / −", number: true, named: true, help: "Items on which the second is better, alike, worse", value: (row) => (row.counts ? row.counts[0] - row.counts[2] : null), cell: (row) => (row.counts ? row.counts.join(" / ") : "") },
      ] });
    where.append(table.node);
    table.show(rows);
    const left = rows.filter((row) => row.left_out).map((row) => `${row.metric}: ${row.left_out} items left out, for which it is undefined in one of the two.`);
    const notes = [`Second minus first, over the same items. Paired tests: ${distinct(rows.map((row) => `${row.metric}: ${row.test}`)).join("; ")}. p is adjusted (Holm) among the metrics of this pair alone; “better” and “worse” stand at an adjusted p of at most 5 %.`, ...left, ...(report.pairs_left_out ? [`${report.pairs_left_out} further pairs were not computed (--pairs); zsbench compare has them.`] : [])];
    where.append(el("section", { class: "notes", "aria-label": "Notes" }, el("ul", {}, notes.map((note) => el("li", {}, note)))));
    if (views.items && runs[a].items && runs[b].items) where.append(el("p", {}, el("a", { href: `#items/${b}//${a}` }, "Items of the second beside the first")));
  },
  follow(rest) {
    const where = main.firstChild;
    keepFocus(where, () => {
      where.replaceChildren();
      this.draw(where, rest);
    });
  },
};

function aroundZero(row, widest) {
  const x = (value) => (50 + (46 * value) / (widest || 1)).toFixed(2);
  return svg("svg", { class: `forest ${row.verdict}`, viewBox: "0 0 100 12", "aria-hidden": "true" },
    svg("line", { class: "axis", x1: 4, x2: 96, y1: 6, y2: 6 }), svg("line", { class: "zero", x1: 50, x2: 50, y1: 0, y2: 12 }),
    svg("line", { class: "range", x1: x(row.low), x2: x(row.high), y1: 6, y2: 6 }), svg("circle", { cx: x(row.value), cy: 6, r: 3 }));
}
