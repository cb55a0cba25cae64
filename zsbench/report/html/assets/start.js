// The address after # says which part is shown: #table, #pairs/3/0/2, #items/4/17.
const bar = document.getElementById("views");

function address() {
  const written = location.hash.slice(1);
  try {
    return decodeURIComponent(written).split("/");
  } catch {
    return written.split("/"); // a % that stands for nothing
  }
}

// A part that this report has; the table for any other word.
const isPart = (word) => Object.hasOwn(views, word) && (!views[word].shown || views[word].shown());

function follow() {
  const [word, ...rest] = address();
  if (word === "main") return;
  const name = isPart(word) ? word : "table";
  for (const link of bar.querySelectorAll("a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (main.dataset.view === name && views[name].follow) {
    views[name].follow(rest);
    return;
  }
  main.dataset.view = name;
  const section = el("section", { class: `view view-${name}`, "aria-label": views[name].title });
  main.replaceChildren(section);
  views[name].draw(section, rest);
}

document.title = report.title;
document.getElementById("title").textContent = report.title;
document.getElementById("footer").textContent = `zsbench ${report.zsbench} · ${runs.length} ${runs.length === 1 ? "run" : "runs"}`;
for (const [name, view] of Object.entries(views)) {
  if (!isPart(name)) continue;
  bar.append(el("li", {}, el("a", { href: `#${name}`, "data-view": name }, view.title)));
}
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
window.addEventListener("hashchange", follow);
follow();
