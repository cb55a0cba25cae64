"""`zsbench report`: the page is right, harmless whatever names it shows, and works in a browser."""

import json
import re

import pytest

from tests.command import call
from tests.report.browser import CHROMIUM, Browser
from zsbench.report.html.embedding import script_json

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
