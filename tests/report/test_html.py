"""`zsbench report`: the page is right, harmless whatever names it shows, and works in a browser."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.command import call
from tests.report.browser import CHROMIUM, Browser
from zsbench.report.html.embedding import script_json

KINDS = {
    "bars": "Values", "pareto": "Cost against value", "curve": "Curves", "classes": "Classes",
    "frequency": "Concept frequency",
}  # fmt: skip
PARITY = Path(__file__).parents[1] / "outside/parity"
NASTY = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"'& @@style@@ \u2028 \x1b[31m \u202eevil \ud800"
)


def result(task="t", model="m", method="x", *, value=0.5, metric="acc@1", **more):
    """A result.json as `eval` writes it, as far as a report looks at it."""
    low, high, n, kind = (None, None, 0, "undefined") if value is None else (value - 0.1, value + 0.1, 10, "wilson")
    score = {"value": value, "low": low, "high": high, "unit": "%", "n": n, "interval": kind, "better": "higher"}
    names = {"task": task, "model": model, "method": method}
    return {"schema_version": 1, **names, "task_type": "ner", "metrics": {metric: score}, **more}


def write(folder, results):
    for number, one in enumerate(results):
        place = folder / "suite" / f"t{number}" / "m" / "x"
        place.mkdir(parents=True)
        (place / "result.json").write_text(json.dumps(one))
    return folder


def data_of(page):
    return json.loads(re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL)[1])


@pytest.fixture(scope="module")
def nasty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nasty")
    results = [
        result(NASTY, "m<b>", "=1+1", value=0.25),
        result(NASTY, "m<b>", "b", value=0.75, notes={"warning": NASTY}, protocol=NASTY),
        result("other", "none", "c", value=None, metric="F1"),
    ]
    write(folder / "runs", results)
    code, screen = call("report", folder / "runs", "--html", folder / "site", "--title", NASTY)
    assert code == 0, screen.err
    return folder / "site"


def test_no_text_ends_the_script_it_stands_in():
    text = script_json({"a": NASTY, NASTY: [float("nan"), float("inf"), 1.5]})
    assert not set(text) & set("<>&\u2028\u2029\x1b\u202e\ud800")
    read = json.loads(text)
    assert read["a"].startswith("</script><script>alert(1)")
    assert list(read.values())[1] == [None, None, 1.5]


def test_the_page_holds_its_data_and_no_markup_of_others(nasty):
    page = (nasty / "index.html").read_text(encoding="utf-8")
    assert page.count("<script") == 2
    assert "<img" not in page
    assert len(page.split("<style>")) == 2
    data = data_of(page)
    assert [row["value"] for row in data["rows"]] == [0.25, 0.75, None]
    assert data["rows"][2]["value_text"] == "undefined"
    assert re.findall(r"https?://[^\"]*", page) == ["http://www.w3.org/2000/svg"]


def test_the_same_results_give_the_same_bytes(nasty, tmp_path):
    for name in ("a", "b"):
        assert call("report", nasty.parent / "runs", "--html", tmp_path / name, "--title", NASTY)[0] == 0
    assert (tmp_path / "a/index.html").read_bytes() == (tmp_path / "b/index.html").read_bytes()


def test_a_folder_with_other_files_is_left_alone(nasty, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    code, screen = call("report", nasty.parent / "runs", "--html", tmp_path)
    assert code == 2
    assert "a folder with other files in it" in screen.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    # One that a report was written into is written again.
    assert call("report", nasty.parent / "runs", "--html", nasty, "--title", NASTY)[0] == 0


def test_files_of_others_stay_in_the_folder_of_a_report(nasty, tmp_path):
    site = tmp_path / "site"
    arguments = ("report", nasty.parent / "runs", "--html", site)
    assert call(*arguments)[0] == 0
    mine = [site / name for name in ("mine.txt", "data/mine.txt", "data/mydata/thesis.csv", "data/runs/0/notes.md",
                                     "data/runs/0/1.js", "data/pictures/own/000000-0.webp")]  # fmt: skip
    old = [site / name for name in ("data/runs/7/index.js", "data/runs/7/00000.js", "data/runs/0/.00000.js.0123abcd.tmp",
                                    "data/pictures/0123456789abcdef/named/" + "0" * 32 + ".webp")]  # fmt: skip
    for path in (*mine, *old):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    code, screen = call(*arguments)
    assert code == 0
    assert "data/mine.txt" in screen.err
    assert [path for path in mine if path.is_file() and path.read_text() == "mine"] == mine
    assert [path for path in old if path.exists()] == []
    assert not (site / "data/runs/7").exists()
    assert not (site / "data/pictures/0123456789abcdef").exists()


@pytest.mark.parametrize("place", ["data", "data/runs", "data/pictures/x", "data/thesis.csv"])
def test_nothing_is_written_or_removed_through_a_link(nasty, tmp_path, place):
    site, victim = tmp_path / "site", tmp_path / "victim"
    arguments = ("report", nasty.parent / "runs", "--html", site)
    assert call(*arguments)[0] == 0
    page = (site / "index.html").read_bytes()
    (victim / "runs/0").mkdir(parents=True)
    (victim / "runs/0/index.js").write_text("mine")
    link = site / place
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.exists():
        shutil.rmtree(link)
    link.symlink_to(victim)
    code, screen = call(*arguments)
    assert (code, "a symbolic link" in screen.err) == (2, True), screen.err
    assert [path for path in victim.rglob("*") if path.is_file()] == [victim / "runs/0/index.js"]
    assert (victim / "runs/0/index.js").read_text() == "mine"
    assert (site / "index.html").read_bytes() == page


def test_a_report_that_is_interrupted_is_written_again(nasty, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("zsbench.report.html.page.page", interrupted)
        assert call("report", nasty.parent / "runs", "--html", tmp_path / "site")[0] == 130
    assert "not written to its end" in (tmp_path / "site/index.html").read_text()
    assert call("report", nasty.parent / "runs", "--html", tmp_path / "site")[0] == 0
    assert "not written to its end" not in (tmp_path / "site/index.html").read_text()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


COLUMN = "[...document.querySelectorAll('tbody tr')].map((row) => row.children[{}].textContent)"


def test_the_table_sorts_and_filters_by_keyboard_and_runs_nothing_of_others(browser, nasty):
    browser.open(f"file://{nasty}/index.html")
    assert browser.ask("document.querySelectorAll('img, b').length") == 0
    assert browser.ask("document.querySelector('tbody td').textContent").startswith("</script><script>alert(1)")
    assert browser.ask(COLUMN.format(4)) == ["25.0 %", "75.0 %", "undefined"]
    browser.ask("[...document.querySelectorAll('thead button')].find((b) => b.textContent === 'Value').focus()")
    browser.press("Enter")
    assert browser.ask(COLUMN.format(4)) == ["75.0 %", "25.0 %", "undefined"]
    browser.press("Enter")
    assert browser.ask(COLUMN.format(4)) == ["25.0 %", "75.0 %", "undefined"]
    assert browser.ask("document.querySelectorAll('th')[4].getAttribute('aria-sort')") == "ascending"
    browser.ask("document.querySelector('input[type=search]').focus()")
    for letter in "oth":
        browser.press(letter, text=letter)
    browser.wait("document.querySelector('.count').textContent === '1 of 3 rows'")
    assert browser.ask(COLUMN.format(0)) == ["other"]
    assert browser.complaints == []


@pytest.fixture(scope="module")
def long_names(tmp_path_factory):
    """Results whose table is far wider than a telephone."""
    folder = tmp_path_factory.mktemp("long")
    names = [("a-task-of-a-long-name", f"a-model-of-a-long-name-{n}", "a-method-of-a-long-name") for n in range(3)]
    write(folder / "runs", [result(*three, metric="hit(query=text)@10") for three in names])
    assert call("report", folder / "runs", "--html", folder / "site")[0] == 0
    return folder / "site"


SEEN_OF_A_ROW = """[...document.querySelectorAll('tbody tr')].every((row) => ['hit(query=text)@10', '50.0 %', '40.0 – 60.0'].every(
  (text) => [...row.children].some((cell) => cell.textContent.startsWith(text) && cell.getBoundingClientRect().right <= innerWidth
    && cell.getBoundingClientRect().left >= 0)))"""


@pytest.mark.parametrize("width", [360, 500, 700, 1280])
def test_metric_value_and_interval_are_seen_at_any_width(browser, long_names, width):
    try:
        browser.size(width, 900)
        browser.open(f"file://{long_names}/index.html")
        browser.wait(SEEN_OF_A_ROW)
        assert browser.ask("document.documentElement.scrollWidth <= innerWidth")
        # A reader of the screen still hears a table, and its columns still sort.
        assert browser.ask("document.querySelectorAll('[role=row]').length") == 4
        browser.ask("[...document.querySelectorAll('thead button')].find((b) => b.textContent === 'Model').click()")
        browser.ask("[...document.querySelectorAll('thead button')].find((b) => b.textContent === 'Model').click()")
        assert browser.ask(COLUMN.format(1))[0].endswith("-2")
    finally:
        browser.size(1280, 900)
    assert browser.complaints == []


@pytest.mark.parametrize(
    "address", ["%", "%E0%A4%A", "nothing", "__proto__", "constructor/1", "items", "pairs/1", "items/%"]
)
def test_the_table_is_shown_for_an_address_that_means_nothing(browser, long_names, address):
    browser.open(f"file://{long_names}/index.html#{address}")
    browser.wait("document.querySelector('#main').innerText.length > 20")
    shown = browser.ask("document.querySelector('nav a[aria-current]').textContent")
    assert shown == ("Compare" if address == "pairs/1" else "Table")  # there are no items here
    assert browser.complaints == []


SUITE = """
description: One of each type
settings: {limit: 6, resamples: 1000}
runs:
  - {tasks: glyphs, methods: [random-class, {name: majority, of: circle}]}
  - {tasks: synonyms, methods: [bm25, random-order]}
  - {tasks: synonyms-answers, methods: bm25}
  - {tasks: zsbench-issues, methods: bm25}
  - {tasks: names-unseen, methods: capitalised-runs}
  - {tasks: rooms-60, methods: {name: constant-depth, metres: 3.0}}
  - {tasks: [glyph-captions, glyph-associations, glyph-numbers], methods: random-match}
  - {tasks: synonyms-sessions, methods: popularity}
  - {tasks: synonyms-docids, methods: bm25-search}
  - {tasks: moving-glyphs, methods: random-video}
  - {tasks: glyph-episodes-1-shot, methods: simpleshot}
"""
# What is seen of the first item of each task: of which kinds its parts are.
SEEN = {
    "glyphs": "picture scores",
    "synonyms": "paragraph ranking",
    "synonyms-answers": "paragraph paragraph ranking",
    "zsbench-issues": "paragraph ranking",
    "names-unseen": "spans",
    "rooms-60": "picture map map map",
    "glyph-captions": "paragraph " + "picture " * 6 + "ranking",
    "glyph-associations": "paragraph " + "picture " * 10 + "scores",
    "glyph-numbers": "picture scores",
    "synonyms-sessions": "paragraph ranking",
    "synonyms-docids": "paragraph ranking",
    "moving-glyphs": "picture picture picture picture picture scores",
    "glyph-episodes-1-shot": "table",
}


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    """A page over one small run of each type of task."""
    folder = tmp_path_factory.mktemp("every")
    (folder / "every.yaml").write_text(SUITE)
    code, screen = call("eval", folder / "every.yaml", "--out", folder / "runs", "--offline", "--quiet")
    assert code == 0, screen.err
    code, screen = call("report", folder / "runs", "--html", folder / "site")
    assert (code, screen.err) == (0, "")
    return folder / "site"


def chunk(site, run, name="00000"):
    text = (site / f"data/runs/{run}/{name}.js").read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r'zsbenchData\("\d+/(?:index|\d+)",(.*)\);\n', text, re.DOTALL)[1])


def test_each_type_of_task_draws_its_items(every):
    runs = data_of((every / "index.html").read_text(encoding="utf-8"))["runs"]
    assert {run["task"] for run in runs} == set(SEEN)
    for number, run in enumerate(runs):
        assert run["items"]["reason"] == ""
        parts, index = chunk(every, number)[0], chunk(every, number, "index")
        kinds = " ".join(part["kind"] for part in parts)
        if run["task"] == "glyph-captions":
            assert re.fullmatch("paragraph (picture ){5,6}ranking", kinds)
        else:
            assert kinds == SEEN[run["task"]].strip(), run["task"]
        assert len(index["ids"]) == run["items"]["n"] == len(chunk(every, number))
        for part in parts:
            if "src" in part:
                assert (every / part["src"]).read_bytes()[8:12] == b"WEBP"


def test_pictures_are_made_once_and_items_give_the_same_bytes(every, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in every.rglob("*.webp")}
    texts = {path: path.read_bytes() for path in [*every.rglob("*.js"), every / "index.html"]}
    stale = every / "data/pictures/0123012301230123/000000-0.webp"
    stale.parent.mkdir()
    stale.write_bytes(b"")
    assert call("report", every.parent / "runs", "--html", every)[0] == 0
    assert {path: path.stat().st_mtime_ns for path in every.rglob("*.webp")} == before
    assert {path: path.read_bytes() for path in [*every.rglob("*.js"), every / "index.html"]} == texts


def test_items_whose_data_are_gone_are_shown_as_the_result_keeps_them(tmp_path, monkeypatch):
    photos = tmp_path / "data"
    photos.mkdir()
    (photos / "s.jsonl").write_text('{"id": "a", "tokens": ["Ada", "<b>"], "spans": [[0, 0, "person"]]}\n')
    (tmp_path / "mine.yaml").write_text(
        "type: ner\ndescription: mine\ndata: {source: jsonl-sentences, path: data/s.jsonl}\nmethod: capitalised-runs\n"
    )
    assert call("eval", tmp_path / "mine.yaml", "--out", tmp_path / "runs", "--offline")[0] == 0
    site = tmp_path / "site"
    assert call("report", tmp_path / "runs", "--html", site)[0] == 0
    # The YAML's folder is found by the recorded inputs, wherever the user is.
    assert chunk(site, 0)[0][0]["kind"] == "spans"
    # Data that moved as a whole, and are named as they were, are the same data.
    (tmp_path / "moved").mkdir()
    monkeypatch.chdir(tmp_path / "moved")
    photos.rename(tmp_path / "moved/data")
    assert call("report", tmp_path / "runs", "--html", site)[0] == 0
    assert chunk(site, 0)[0][0]["kind"] == "spans"
    (tmp_path / "moved/data").rename(photos)
    (photos / "s.jsonl").rename(photos / "elsewhere.jsonl")
    assert call("report", tmp_path / "runs", "--html", site, "--max-items", 1)[0] == 0
    [run] = data_of((site / "index.html").read_text())["runs"]
    assert "s.jsonl" in run["items"]["reason"]
    assert [part["title"] for part in chunk(site, 0)[0]] == ["Prediction, in short"]
    assert call("report", tmp_path / "runs", "--html", site, "--no-items")[0] == 0
    assert not (site / "data/runs").exists()
    assert data_of((site / "index.html").read_text())["runs"][0]["items"] is None


def test_items_filter_walk_and_stand_beside_each_other_in_a_browser(browser, every):
    runs = data_of((every / "index.html").read_text(encoding="utf-8"))["runs"]
    for number, run in enumerate(runs):
        browser.open(f"file://{every}/index.html#items/{number}")
        browser.wait("document.querySelector('.detail .drawing')")
        first = chunk(every, number, "index")["ids"][0]
        assert browser.ask("document.querySelector('.detail h2').textContent") == first
        if "picture" in SEEN[run["task"]]:
            browser.wait("[...document.querySelectorAll('.picture img')].every((i) => i.complete && i.naturalWidth)")
    random, majority = (
        [(r["task"], r["method"]) for r in runs].index(("glyphs", m)) for m in ("random-class", "majority")
    )
    index = chunk(every, random, "index")
    browser.open(f"file://{every}/index.html#items/{random}")
    rows = "document.querySelectorAll('.rows a').length"
    browser.wait(f"{rows} === 6")
    choose = "(() => {{ const box = document.querySelectorAll('.filters select')[{}]; box.value = '{}'; box.dispatchEvent(new Event('change')); }})()"
    browser.ask(choose.format(2, "wrong"))
    browser.wait(f"{rows} === {index['right'].count(0)}")
    browser.ask(choose.format(1, majority))
    browser.wait("document.querySelectorAll('.detail .drawing').length === 2")
    browser.ask(choose.format(2, "differ"))
    other = chunk(every, majority, "index")
    answers = [[one["answer"]["names"][n] for n in one["answer"]["of"]] for one in (index, other)]
    differ = sum(a != b for a, b in zip(*answers, strict=True))
    browser.wait(f"{rows} === {differ}")
    # The field that was used keeps the focus, though the fields were drawn anew; so does the button of the next item.
    browser.ask("document.querySelectorAll('.filters select')[1].focus()")
    browser.ask(choose.format(1, ""))
    browser.wait("document.querySelectorAll('.detail .drawing').length === 1")
    assert browser.ask("document.activeElement === document.querySelectorAll('.filters select')[1]")
    browser.ask("document.querySelector('[aria-label=\"Next item\"]').focus()")
    browser.press("Enter")
    browser.wait("document.querySelectorAll('.rows a')[1].getAttribute('aria-current') === 'true'")
    browser.wait("document.activeElement.getAttribute('aria-label') === 'Next item'")
    browser.ask("document.activeElement.blur()")
    browser.press("k", text="k")
    browser.wait("document.querySelectorAll('.rows a')[0].getAttribute('aria-current') === 'true'")
    browser.press("j", text="j")
    browser.wait("document.querySelectorAll('.rows a')[1].getAttribute('aria-current') === 'true'")
    assert browser.complaints == []


@pytest.mark.parametrize(("address", "said"), [
    ("items/999", "There is no run 999 with items in this report. Shown is "), ("items/%", "There is no run % with"),
    ("items/-1/0", "There is no run -1 with"), ("items/0/0/77", "There is no run 77 with"),
    ("items/0/99999", "This run has no item number 99999."), ("items/0/-1", "This run has no item number -1."),
    ("items/0/1.5", "This run has no item number 1.5."), ("pairs/999", "No run 999 is compared"),
    ("pairs/0/999", "Run 999 is not compared"),
])  # fmt: skip
def test_an_address_of_what_is_not_there_says_so(browser, every, address, said):
    browser.open(f"file://{every}/index.html#{address}")
    browser.wait("document.querySelector('.notice')")
    assert browser.ask("document.querySelector('.notice').textContent").startswith(said)
    assert browser.ask("document.querySelector('.notice').getAttribute('role')") == "alert"
    browser.open(f"file://{every}/index.html#{'/'.join(address.split('/')[:1])}")
    browser.wait("document.querySelector('table, .drawing')")
    assert not browser.ask("document.querySelector('.notice')")
    assert browser.complaints == []


def test_items_without_a_picture_of_their_own_have_no_box_for_one(browser, every):
    runs = data_of((every / "index.html").read_text(encoding="utf-8"))["runs"]
    number = [run["task"] for run in runs].index("glyph-captions")
    thumbs = chunk(every, number, "index")["thumbs"]
    shown = [] if thumbs is None else thumbs["of"]
    browser.open(f"file://{every}/index.html#items/{number}")
    browser.wait("document.querySelector('.detail .drawing')")
    assert browser.ask("document.querySelectorAll('.rows img').length") == sum(map(bool, shown[:40]))
    assert browser.ask(
        "[...document.querySelectorAll('.rows a')].every((a) => a.children.length === 1 + a.querySelectorAll('img').length)"
    )


def test_a_video_shows_the_frames_that_its_task_takes(tmp_path):
    from zsbench.methods.video import frame_numbers
    from zsbench.results.finished_run import finished_runs
    from zsbench.run.reopened import reopened

    for frames, clips, titles in ((1, 1, [1]), (5, 1, [1, 2, 3, 4, 5]), (3, 2, [1, 2, 3, 4, 5, 6]),
                                  (16, 1, [2, 4, 6, 8, 10, 12, 14, 16])):  # fmt: skip
        (tmp_path / "s.yaml").write_text(
            "description: frames\nsettings: {limit: 2}\nruns:\n"
            f"  - {{tasks: {{use: moving-glyphs, frames: {frames}, clips: {clips}}}, methods: random-video}}\n"
        )
        runs = tmp_path / f"runs-{frames}-{clips}"
        assert call("eval", tmp_path / "s.yaml", "--out", runs, "--offline", "-q")[0] == 0
        [run] = finished_runs([runs])
        # One folder for all: a picture of other frames of the same video is not taken for one of these.
        assert call("report", runs, "--html", tmp_path / "site")[0] == 0
        for item, parts in zip(reopened(run).data.items, chunk(tmp_path / "site", 0), strict=True):
            n = frames * clips
            pictures = [part for part in parts if part["kind"] == "picture"]
            assert [part["title"] for part in pictures] == [f"frame {k} of {n}" for k in titles]
            taken = sorted(k for c in range(clips) for k in frame_numbers(item.length(), frames, clip=c, n_clips=clips))
            for k, part in zip(titles, pictures, strict=True):
                seen = np.asarray(Image.open(tmp_path / "site" / part["src"]).convert("RGB"))
                assert (seen == np.asarray(item.frames([taken[k - 1]])[0].convert("RGB"))).all()


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    """Results of a curve: one method with 1, 2 and 4 shots, beside a baseline and two models of other cost."""
    folder = tmp_path_factory.mktemp("shots")
    results = [
        result("digits", "clip", f"tip-{n}", value=0.5 + n / 20, config={"method": {"name": "tip", "shots": n}, "model": {"name": "clip"}}, cost={"forward_passes": 10 * n})
        for n in (1, 2, 4)
    ]  # fmt: skip
    write(folder / "runs", [*results, result("digits", "none", "majority", value=0.2)])
    assert call("report", folder / "runs", "--html", folder / "site")[0] == 0
    return folder / "site"


def test_every_two_runs_of_a_task_are_compared_as_compare_does(every):
    from zsbench.analysis.comparison import adjusted, differences
    from zsbench.results.finished_run import finished_runs

    data = data_of((every / "index.html").read_text(encoding="utf-8"))
    runs = {(r.result["task"], r.result["method"]): r for r in finished_runs([every.parent / "runs"])}
    names = [(run["task"], run["method"]) for run in data["runs"]]
    assert {frozenset(names[n] for n in (pair["a"], pair["b"])) for pair in data["pairs"]} == {
        frozenset({("glyphs", "random-class"), ("glyphs", "majority")}),
        frozenset({("synonyms", "bm25"), ("synonyms", "random-order")}),
    }
    for pair in data["pairs"]:
        rows = adjusted(differences(runs[names[pair["a"]]], runs[names[pair["b"]]]))
        assert [(row.metric, row.value, row.low, row.high, row.verdict) for row in rows] == [
            (row["metric"], row["value"], row["low"], row["high"], row["verdict"]) for row in pair["rows"]
        ]


def test_pairs_beyond_the_bound_are_counted_and_each_tasks_first_run_comes_first(tmp_path):
    from zsbench.analysis.every_pair import pairs_of
    from zsbench.results.finished_run import FinishedRun

    runs = [FinishedRun(tmp_path, result(task, "m", str(n))) for task in ("a", "b") for n in range(3)]
    assert pairs_of(runs) == [(0, 1), (0, 2), (3, 4), (3, 5), (1, 2), (4, 5)]
    write(tmp_path / "runs", [run.result for run in runs])
    assert call("report", tmp_path / "runs", "--html", tmp_path / "site", "--pairs", 1)[0] == 0
    data = data_of((tmp_path / "site/index.html").read_text())
    assert (len(data["pairs"]), data["pairs_left_out"]) == (1, 5)
    assert "items.parquet is missing" in data["pairs"][0]["refused"]


def test_pairs_and_figures_in_a_browser(browser, every, shots):
    data = data_of((every / "index.html").read_text(encoding="utf-8"))
    pair = data["pairs"][0]
    for a, b, sign in ((pair["a"], pair["b"], 1), (pair["b"], pair["a"], -1)):
        browser.open(f"file://{every}/index.html#pairs/{a}/{b}")
        shown = browser.ask(COLUMN.format(3))
        assert [float(text.split()[0]) for text in shown] == [
            round(sign * 100 * row["value"], 1) for row in pair["rows"]
        ]
    browser.open(f"file://{shots}/index.html#figures")
    kinds = "[...document.querySelectorAll('svg.chart')].map((chart) => chart.getAttribute('aria-label').split(':')[0])"
    assert browser.ask(kinds) == [
        KINDS[figure["kind"]] for figure in data_of((shots / "index.html").read_text())["figures"]
    ]
    assert {"Values", "Cost against value", "Curves"} <= set(browser.ask(kinds))
    # No mark lies outside of its picture, and none has a place that is no number.
    places = browser.ask("[...document.querySelectorAll('svg.chart')].map((c) => c.outerHTML).join('')")
    assert "NaN" not in places
    assert "Infinity" not in places
    assert browser.ask("document.querySelectorAll('svg.chart polyline.line').length") == 1
    assert browser.complaints == []


def test_items_of_others_are_text_and_nothing_else(browser, tmp_path):
    """Words, labels, ids and file names that are markup: seen as they are written, run nowhere."""
    bad = "<img src=x onerror=alert(1)>"
    row = {"id": f"{bad}</script>", "tokens": ["Ada", bad, "&amp;", "${1}"], "spans": [[0, 1, f"<b>{bad}"]]}
    (tmp_path / "<i>.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "mine.yaml").write_text(
        'type: ner\ndescription: mine\ndata: {source: jsonl-sentences, path: "<i>.jsonl"}\nmethod: capitalised-runs\n'
    )
    assert call("eval", tmp_path / "mine.yaml", "--out", tmp_path / "runs", "--offline")[0] == 0
    assert call("report", tmp_path / "runs", "--html", tmp_path / "site")[0] == 0
    for file in (tmp_path / "site").rglob("*.js"):
        assert "<" not in file.read_text()
    browser.open(f"file://{tmp_path}/site/index.html#items")
    browser.wait("document.querySelector('.detail .word')")
    assert browser.ask("document.querySelector('.detail h2').textContent") == row["id"]
    words = browser.ask("[...document.querySelectorAll('.detail .word')].map((word) => word.textContent)")
    assert words == row["tokens"]
    assert browser.ask("document.querySelectorAll('main img, main b, main script').length") == 0
    tags = browser.ask("[...document.querySelectorAll('.detail .tag')].map((tag) => tag.textContent)")
    assert f"missed: <b>{bad}" in tags
    assert browser.complaints == []


def test_a_type_of_task_of_others_is_drawn_as_text(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBENCH_PLUGINS", "")  # what `--plugins` sets is undone after the test
    plugins = ("--plugins", PARITY)
    (tmp_path / "numbers.txt").write_text("4 even\n7 odd\n")
    (tmp_path / "weights.json").write_text(json.dumps([1.0, -1.0] * 5))
    (tmp_path / "table.yaml").write_text("adapter: digit-table\nmodel: weights.json\n")
    (tmp_path / "mine.yaml").write_text("type: number-parity\ndata: {source: number-lines, path: numbers.txt}\n")
    task, model = tmp_path / "mine.yaml", tmp_path / "table.yaml"
    try:
        assert call(*plugins, "eval", task, "--model", model, "--out", tmp_path / "runs", "--offline")[0] == 0
        code, screen = call(*plugins, "report", tmp_path / "runs", "--html", tmp_path / "site")
    finally:
        for name in [name for name in sys.modules if name.startswith("zsbench_plugins")]:
            del sys.modules[name]
    assert (code, screen.err) == (0, "")
    titles = [[part["title"] for part in parts] for parts in chunk(tmp_path / "site", 0)]
    assert titles == [["Item", "Gold", "Prediction"]] * 2
    index = chunk(tmp_path / "site", 0, "index")
    assert [index["gold"]["names"][n] for n in index["gold"]["of"]] == ["even", "odd"]
    assert len(index["answer"]["of"]) == 2


def test_a_drawing_that_fails_costs_its_item_only(every, tmp_path, monkeypatch):
    from zsbench.tasks.ner.ner import Task

    draw = Task.draw

    def fails(self, item, gold, prediction, data):
        if item.id == data.items[1].id:
            raise IndexError("no such word")
        return draw(self, item, gold, prediction, data)

    monkeypatch.setattr(Task, "draw", fails)
    runs = every.parent / "runs/every/names-unseen"
    code, screen = call("report", runs, "--html", tmp_path)
    assert code == 0
    assert "1 items could not be drawn (first: " in screen.err
    assert [parts[0]["kind"] for parts in chunk(tmp_path, 0)][:3] == ["spans", "paragraph", "spans"]
