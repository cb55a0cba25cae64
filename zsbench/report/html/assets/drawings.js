// How each part of an item's drawing looks. A part is {kind, title, ...}; see zsbench/core/drawing.py.
const drawParts = {
  paragraph: (part) => el("p", { class: "text" }, part.text),

  spans(part) {
    const key = ([start, end, label]) => `${start}\n${end}\n${label}`;
    const gold = new Set(part.gold.map(key));
    const predicted = new Set(part.predicted.map(key));
    const marked = [
      ...part.gold.map((span) => [...span, predicted.has(key(span)) ? "hit" : "missed"]),
      ...part.predicted.filter((span) => !gold.has(key(span))).map((span) => [...span, "extra"]),
    ];
    const words = { hit: "✓ ", missed: "missed: ", extra: "not gold: " };
    const line = el("p", { class: "text spans" });
    part.words.forEach((word, at) => {
      const over = marked.filter(([start, end]) => start <= at && at <= end).map((span) => span[3]);
      line.append(el("span", { class: ["word", ...distinct(over)].join(" ") }, word));
      for (const [, end, label, kind] of marked) if (end === at) line.append(el("span", { class: `tag ${kind}` }, words[kind] + label));
      line.append(" ");
    });
    return line;
  },

  scores(part) {
    const values = part.rows.map((row) => row[1]).filter((value) => value !== null);
    const least = Math.min(0, ...values);
    const most = Math.max(0, ...values);
    const x = (value) => (100 * (value - least)) / (most - least || 1);
    const rows = part.rows.map(([name, value, right, rank]) =>
      el("tr", { class: right ? "right" : null },
        el("td", { class: "number quiet" }, rank),
        el("th", { scope: "row" }, name, right ? el("span", { class: "good", title: "gold" }, " ✓") : ""),
        el("td", { class: "drawn" }, value === null ? "" : svg("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { x: Math.min(x(0), x(value)), y: 1, width: Math.max(0.5, Math.abs(x(value) - x(0))), height: 6 }))),
        el("td", { class: "number" }, value === null ? "undefined" : number(value))));
    return el("table", { class: "small scores" }, el("tbody", {}, rows));
  },

  ranking(part) {
    const moved = ({ rank, before }) => {
      if (!part.before) return null;
      if (before === null) return "new";
      if (rank === null || rank === before) return `${before}`;
      return [`${before} `, el("span", { class: rank < before ? "good" : "bad", "aria-label": rank < before ? "moved up" : "moved down" }, rank < before ? "▲" : "▼")];
    };
    let last = 0;
    const rows = part.entries.map((entry) => {
      const gap = entry.rank === null || entry.rank > last + 1;
      last = entry.rank === null ? Infinity : entry.rank;
      return el("tr", { class: [entry.gold ? "right" : "", gap ? "gap" : ""].join(" ").trim() || null },
        el("td", { class: "number" }, entry.rank === null ? "–" : entry.rank),
        part.before ? el("td", { class: "number quiet" }, moved(entry)) : "",
        el("td", {}, el("span", { class: "id" }, entry.id), entry.gold ? el("span", { class: "tag hit" }, entry.gold) : "", entry.text ? el("div", { class: "excerpt" }, entry.text) : ""));
    });
    return el("table", { class: "small ranking" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "number" }, "rank"), part.before ? el("th", { scope: "col", class: "number" }, part.before) : "", el("th", { scope: "col" }, "document"))),
      el("tbody", {}, rows));
  },

  table(part) {
    const right = new Set(part.right.map(([row, column]) => `${row} ${column}`));
    return el("div", { class: "scroll" }, el("table", { class: "small numbers" },
      el("thead", {}, el("tr", {}, el("td", {}), part.columns.map((name) => el("th", { scope: "col", class: "number" }, name)))),
      el("tbody", {}, part.values.map((values, row) => el("tr", {}, el("th", { scope: "row" }, part.rows[row]),
        values.map((value, column) => el("td", { class: right.has(`${row} ${column}`) ? "number right" : "number" }, value === null ? "undefined" : number(value))))))));
  },
};

const isPicture = (part) => part.kind === "picture" || part.kind === "map";

function picture(part) {
  const image = el("img", { src: part.src, alt: part.title || "the item", loading: "lazy", class: part.right ? "right" : null });
  const tiny = () => image.classList.toggle("tiny", image.naturalWidth > 0 && Math.max(image.naturalWidth, image.naturalHeight) <= 64);
  image.addEventListener("load", tiny);
  return el("figure", { class: "picture" }, image, el("figcaption", {}, part.title, part.right ? el("span", { class: "good" }, " ✓ gold") : "", part.kind === "map" ? legend(part) : ""));
}

function legend(part) {
  const id = `tone-${part.tone}`;
  const colours = report.tones[part.tone];
  const stops = colours.map((colour, n) => svg("stop", { offset: n / (colours.length - 1), "stop-color": `rgb(${colour.join(",")})` }));
  return el("span", { class: "legend" }, number(part.low),
    svg("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("defs", {}, svg("linearGradient", { id }, stops)), svg("rect", { width: 100, height: 8, fill: `url(#${id})` })),
    `${number(part.high)}${part.unit ? ` ${part.unit}` : ""}`);
}

// Pictures stand side by side, everything else below each other.
function drawing(parts) {
  const out = el("div", { class: "drawing" });
  let row = null;
  for (const part of parts) {
    if (isPicture(part)) {
      if (!row) out.append((row = el("div", { class: "pictures" })));
      row.append(picture(part));
      continue;
    }
    row = null;
    if (part.title) out.append(el("h3", {}, part.title));
    out.append((drawParts[part.kind] || drawParts.paragraph)(part));
  }
  return out;
}

// Four digits that matter, and no more.
function number(value) {
  if (value === null || value === undefined) return "";
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 || Math.abs(value) < 0.001 ? value.toPrecision(3) : String(Number(value.toPrecision(4)));
}
