"""`zsbench frequency`: what fit, corpora and lines read, print and draw, and what they refuse."""

import json
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.made_runs import made
from tests.command import call
from zsbench.analysis.frequency import corpora, corpus, image_concepts, joining, measured, performance, runs
from zsbench.core.errors import UserError
from zsbench.data.captions.image_concepts import read_image_concepts

COUNTS = {"cat": 1000, "dog": 90, "owl": 9, "airplane": 1, "emu": 0}
ACCURACIES = {"cat": 80, "dog": 60, "owl": 45, "plane": 20, "emu": 1}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web.json").write_text(json.dumps(COUNTS))
    rows = [("a", "m", name, value) for name, value in ACCURACIES.items()]
    rows += [("b", "m", name, value / 2) for name, value in ACCURACIES.items()]
    lines = ["dataset,model,concept,accuracy", *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def table(out):
    """Return the rows of a table in JSON by column: each cell's number, or its text."""
    written = json.loads(out)
    titles = [column["title"] for column in written["columns"]]
    cells = [[c["value"] if c.get("value") is not None else c["text"] for c in row] for row in written["rows"]]
    return [dict(zip(titles, row, strict=True)) for row in cells], written


def fit(*arguments):
    code, screen = call("frequency", "fit", *arguments, "--format", "json")
    assert code == 0, screen.err
    return table(screen.out)[0]


def test_a_table_of_accuracies_in_percent_is_a_curve_of_shares(folder):
    [row] = fit("t.csv", "--counts", "web.json", "--edges", 4)
    assert (row["pretraining"], row["model"], row["concepts"], row["never found"]) == ("web", "m", 10, 2)
    # Concepts of both data sets are pooled: counts of 0, 1, 9, 90, 1000 with 1, 20, 45, 60, 80 % and half of it.
    x, y = [*np.log10([1, 1, 9, 90, 1000])] * 2, [0.01, 0.2, 0.45, 0.6, 0.8, 0.005, 0.1, 0.225, 0.3, 0.4]
    assert row["slope per decade"] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert row["bins"] == 2
    assert row["tail"] == pytest.approx((0.01 + 0.005 + 0.2) / 3)  # floor(0.2 * 10) + 1, equal counts as they came
    [one] = fit("t.csv", "--counts", "web.json", "--edges", 4, "--dataset", "b")
    assert one["concepts"] == 5


def test_percent_is_seen_in_the_whole_table(folder):
    (folder / "t.csv").write_text("model,concept,accuracy\n" + "".join(
        f"{model},{name},{value / divisor}\n" for model, divisor in (("m", 1), ("weak", 1000))
        for name, value in ACCURACIES.items()))  # fmt: skip
    [row] = fit("t.csv", "--counts", "web.json", "--edges", 4, "--only", "model=weak")
    assert row["head"] == pytest.approx((80 + 60 + 45) / 3 / 1000 / 100)


def test_bins_concepts_and_figures(folder):
    code, screen = call("frequency", "fit", "t.csv", "--counts", "web.json", "--edges", 4, "--show", "bins",
                        "--format", "json", "--plot", "f.json")  # fmt: skip
    assert code == 0, screen.err
    rows = table(screen.out)[0]
    assert [row["concepts"] for row in rows] == [4, 2, 2, 2]
    assert [row["in r"] for row in rows] == ["no", "yes", "yes", "no"]
    assert [row["up to count"] for row in rows] == pytest.approx([1, 10, 100, 1000])
    assert rows[3]["mean"] == pytest.approx(0.6)
    assert rows[3]["std"] == pytest.approx(0.2)  # of 0.8 and 0.4, divided by 2
    [figure] = json.loads((folder / "f.json").read_text())["figures"]
    assert [point["x"] for point in figure["series"][0]["points"]] == pytest.approx([10, 100])
    assert figure["scale"] == "log"
    code, screen = call("frequency", "fit", "t.csv", "--counts", "web.json", "--show", "concepts", "--format", "csv")
    assert screen.out.splitlines()[1].startswith("a,emu,0,")


def test_names_without_a_count_are_listed_with_the_nearest(folder):
    (folder / "web.json").write_text(json.dumps({**COUNTS, "dogs": 7}).replace('"dog"', '"hound"'))
    code, screen = call("frequency", "fit", "t.csv", "--counts", "web.json")
    assert code == 2
    assert "m, a: 1 concept without a count: 'dog' (nearest: 'dogs')" in " ".join(screen.err.split())
    [row] = fit("t.csv", "--counts", "web.json", "--unmatched", "drop")
    assert row["concepts"] == 8
    (folder / "alias.json").write_text('{"dog": "hound"}')
    [row] = fit("t.csv", "--counts", "web.json", "--alias", "alias.json")
    assert row["concepts"] == 10


@pytest.mark.parametrize(
    ("change", "arguments", "says"),
    [
        ({"t.csv": "concept,accuracy\ncat,x\n"}, [], "a finite number"),
        ({"t.csv": "concept,accuracy\ncat,1\ncat,2\n"}, [], "stands twice"),
        ({"t.csv": "concept,speed\ncat,1\n"}, [], "no column of performance"),
        ({"web.json": '{"cat": -1}'}, [], "whole number"),
        ({"web.csv": "concept,count\ncat,1.5\n"}, ["--counts", "web.csv"], "whole number"),
        ({"web.csv": "dataset,concept,count\nz,cat,1\n"}, ["--counts", "web.csv"], "no counts of data set 'a'"),
        ({}, ["--only", "modell=m"], "did you mean 'model'"),
        ({}, ["--only", "model=q"], "no row of model=q"),
        ({}, ["--only", "prompt=q"], "--only: no column 'prompt' in t.csv"),
        ({}, ["--only", "source=q"], "--only: no column 'source' in web.json"),
        ({}, ["--only", "pretraining=q"], "--only: no corpus 'q'"),
        ({}, ["--counts", "web.json", "--counts", "web=web.json"], "corpus 'web' stands twice (web.json)"),
        ({"web.csv": "pretraining,concept,count\nz,cat,1\n"}, ["--counts", "a=web.csv"], "names its corpora"),
        ({}, ["t.csv"], "accuracy of m stands in t.csv, too"),
        ({}, ["--unit", "share"], "t.csv:2: accuracy 80; expected a share from 0 to 1"),
        ({"t.csv": "concept,accuracy\ncat,101\n"}, [], "t.csv:2: accuracy 101; expected a percent from 0 to 100"),
        ({"t.csv": "concept,recall\ncat,-0.1\n"}, [], "t.csv:2: recall -0.1; expected a share from 0 to 1"),
        ({"t.csv": "concept,accuracy\nzebra,1\n"}, [], "t.csv: 1 concept without a count: 'zebra'"),
        ({}, ["--metric", "acc@1"], "--metric: no folder of results is read"),
        ({}, ["--only", "dataset=q", "--unmatched", "drop"], "no row of dataset=q"),
        ({}, ["--trained", "m=other"], "no counts of 'other'"),
        ({}, ["--dataset", "c"], "no data set 'c'"),
        ({}, ["--edges", "4", "--first", "3"], "at most 2"),
    ],
)
def test_what_is_wrong_is_said(folder, change, arguments, says):
    for name, text in change.items():
        (folder / name).write_text(text)
    given_counts = [] if "--counts" in arguments else ["--counts", "web.json"]
    code, screen = call("frequency", "fit", "t.csv", *given_counts, *arguments)
    assert code == 2, screen
    assert says in " ".join(screen.err.split())


def test_models_go_with_the_corpora_they_were_trained_on(folder):
    (folder / "t.csv").write_text("model,concept,accuracy\n" + "".join(
        f"{model},{name},{value}\n" for model in "mn" for name, value in ACCURACIES.items()))  # fmt: skip
    (folder / "old.json").write_text(json.dumps(COUNTS))
    every = fit("t.csv", "--counts", "web.json", "--counts", "new=old.json")
    assert [(row["pretraining"], row["model"]) for row in every] == [
        ("web", "m"),
        ("web", "n"),
        ("new", "m"),
        ("new", "n"),
    ]
    own = fit("t.csv", "--counts", "web.json", "--counts", "new=old.json", "--trained", "m=new", "--trained", "n=web")
    assert [(row["pretraining"], row["model"]) for row in own] == [("new", "m"), ("web", "n")]


def test_what_was_taken_where_a_file_leaves_a_choice_is_said(folder):
    (folder / "laion400m").mkdir()
    (folder / "laion400m" / "counts.json").write_text(json.dumps(COUNTS))
    for show in ("curves", "bins", "concepts"):
        common = ("--counts", "laion400m/counts.json", "--show", show, "--format", "json")
        _, screen = call("frequency", "fit", "t.csv", *common)
        notes = [note for grid in screen.out.split("\n{\n") for note in json.loads("{" + grid.lstrip("{"))["notes"]]
        assert "accuracy of t.csv taken as percent, as some are above 1; --unit says otherwise" in notes
        assert "laion400m/counts.json is called 'laion400m', as its folder; NAME=FILE names it otherwise" in notes
    rows, written = table(
        call("frequency", "fit", "t.csv", "--counts", "web.json", "--unit", "percent", "-f", "json")[1].out
    )
    assert rows[0]["concepts"] == 10
    assert "accuracy of t.csv taken as percent" in written["notes"]
    assert "few concepts for intervals, which are too narrow then: m, web (10)" in written["notes"]


def test_two_concepts_have_no_interval(folder):
    (folder / "t.csv").write_text("concept,accuracy\ncat,1\ndog,0.5\n")
    [row] = fit("t.csv", "--counts", "web.json")
    assert (row["slope per decade"], row["Spearman"]) == ("undefined", "undefined")


def test_counts_in_the_form_of_real(folder):
    of_class = {"cat": (1000, 900), "dog": (90, 9), "owl": (9, 3), "airplane": (1, 0), "emu": (0, 0)}
    real = {
        str(n): {"name": name, "alternates": {name: total}, "actual_freq": total, "relevant_total": relevant}
        for n, (name, (total, relevant)) in enumerate(of_class.items())
    }

    def counts(entries):
        (folder / "metrics-laion400m.json").write_text(json.dumps(entries))
        common = ("--counts", "metrics-laion400m.json", "--dataset", "a")
        code, screen = call("frequency", "fit", "t.csv", *common, "--show", "concepts", "--format", "json")
        assert code == 0, screen.err
        rows, written = table(screen.out)
        return {row["concept"]: row["count"] for row in rows}, written["notes"]

    found, notes = counts(real)
    assert found == {"cat": 900, "dog": 9, "owl": 3, "plane": 0, "emu": 0}
    assert "metrics-laion400m.json: counts are those of `relevant_total`" in notes
    for entry in real.values():
        del entry["relevant_total"]
    found, notes = counts(real)
    assert found == {"cat": 1000, "dog": 90, "owl": 9, "plane": 1, "emu": 0}
    assert "metrics-laion400m.json: counts are those of `actual_freq`" in notes
    real["3"]["relevant_total"] = 1
    code, screen = call("frequency", "fit", "t.csv", "--counts", "metrics-laion400m.json")
    assert code == 0
    real["0"]["relevant_total"] = 1
    (folder / "metrics-laion400m.json").write_text(json.dumps(real))
    code, screen = call("frequency", "fit", "t.csv", "--counts", "metrics-laion400m.json")
    assert (code, "no `relevant_total` of 'dog'" in screen.err) == (2, True)
    del real["0"]["relevant_total"], real["3"]["relevant_total"]
    real["5"] = {**real["0"], "actual_freq": 3}
    (folder / "metrics-laion400m.json").write_text(json.dumps(real))
    code, screen = call("frequency", "fit", "t.csv", "--counts", "metrics-laion400m.json")
    assert (code, "without a count: 'cat'" in screen.err) == (2, True)


def test_only_chooses_results(folder):
    gold = ["cat", "dog", "owl", "plane", "emu"]
    for model in ("m", "n"):
        made(folder / "r" / model, {"acc@1": [1, 0, 1, 0, 0]}, task_type="image-classification",
             columns={"gold": gold}, model=model)  # fmt: skip
    [row] = fit("r", "--counts", "web.json", "--only", "model=n")
    assert row["model"] == "n"
    for wrong, said in (("model=q", "no result of model=q"), ("prompt=q", "no column 'prompt' of results")):
        code, screen = call("frequency", "fit", "r", "--counts", "web.json", "--only", wrong)
        assert (code, said in screen.err) == (2, True), screen.err


def test_results_give_accuracies_by_class(folder):
    gold = ["cat", "cat", "dog", "owl", "plane", "emu"]
    right = [1, 0, 1, 0, 0, 0]
    made(
        folder / "r" / "s" / "t" / "m" / "x", {"acc@1": right}, task_type="image-classification", columns={"gold": gold}
    )
    [row] = fit("r", "--counts", "web.json", "--edges", 4)
    assert row["concepts"] == 5
    _, screen = call("frequency", "fit", "r", "--counts", "web.json", "--show", "concepts", "--format", "csv")
    assert [line.split(",")[1:] for line in screen.out.splitlines()[1:]][-1] == ["cat", "1000", "0.5"]


def test_retrieval_has_the_concepts_of_its_images(folder):
    ids, gold = ["i", "j", "i#0", "i#1", "j#0"], ["i#0 i#1", "j#0", "i", "i", "j"]
    nan = float("nan")
    tables = {"hit(query=text)@1": [nan, nan, 1, 0, 0], "hit(query=image)@1": [1, 0, nan, nan, nan]}
    made(folder / "r", tables, ids=ids, task_type="image-text-retrieval", columns={"gold": gold})
    (folder / "c.json").write_text('{"i": ["cat", "dog"], "j": ["cat"]}')
    found = {
        entry.metric: entry.values["one"]
        for entry in runs.of_runs(
            runs_of(folder), list(tables), read_image_concepts(folder / "c.json"), fewest_images=1
        )
    }
    assert found["hit(query=text)@1"] == {"cat": pytest.approx(1 / 3), "dog": 0.5}
    assert found["hit(query=image)@1"] == {"cat": 0.5, "dog": 1}
    with pytest.raises(UserError, match="--item-concepts"):
        runs.of_runs(runs_of(folder))


def runs_of(folder):
    from zsbench.results.finished_run import finished_runs

    return finished_runs([folder / "r"])


def test_corpora_and_lines(folder):
    (folder / "old.json").write_text(json.dumps({**COUNTS, "cat": 2, "new": 4}))
    code, screen = call("frequency", "corpora", "web.json", "old.json", "--format", "json")
    [row] = table(screen.out)[0]
    assert (code, row["concepts"]) == (0, 5)
    assert row["Spearman"] == pytest.approx(0.7)  # ranks 5 4 3 2 1 and 3 5 4 2 1
    (folder / "l.csv").write_text("x,y\n10,1\n20,2\n60,5\n70,15\n")
    code, screen = call("frequency", "lines", "l.csv", "--x", "x", "--y", "y", "--format", "json")
    assert [row["slope"] for row in table(screen.out)[0]] == pytest.approx([0.1, 1.0])
    (folder / "l.csv").write_text("x,y\n10,1\n20,2\n50,3\n60,5\n")
    code, screen = call("frequency", "lines", "l.csv", "--x", "x", "--y", "y", "--format", "json")
    notes = table(screen.out)[1]["notes"]
    assert notes[1:] == ["1 model at x = 50 in neither line", "no line where there are no two models of different x"]
    (folder / "other.json").write_text('{"zebra": 3, "dog": 2}')
    _, screen = call("frequency", "corpora", "web.json", "other.json", "--format", "json")
    assert "web, other: undefined: 1 concept in common, at least 3 needed" in table(screen.out)[1]["notes"]
    code, screen = call("frequency", "corpora", "web.json", "old.json", "--only", "model=x")
    assert (code, "no column 'model'" in screen.err) == (2, True)


concepts = st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(0, 99), min_size=3, max_size=12)


@settings(max_examples=40)
@given(counts=concepts, seed=st.integers(0, 99))
def test_the_order_of_concepts_changes_nothing(counts, seed):
    rng = np.random.default_rng(seed)
    accuracy = {name: float(rng.random()) for name in counts}
    shuffled = [list(counts)[i] for i in rng.permutation(len(counts))]
    of_corpus = corpus.Corpus({"pretraining": "c"}, {"": counts}, "c")
    other = corpus.Corpus({"pretraining": "d"}, {"": {name: counts[name] for name in reversed(counts)}}, "d")
    found = []
    for names, each in ((list(counts), of_corpus), (shuffled, other)):
        values = {"": {name: accuracy[name] for name in names}}
        asked = performance.Performance({"model": "m"}, "classification", "accuracy", "%", values, "p")
        points = joining.joined(asked, each)
        found.append(measured.measured(asked, each, points, measured.Options(edges=4, resamples=100)))
    one, two = found
    assert one.curve.n.tolist() == two.curve.n.tolist()
    assert (one.line.r, one.slope.value, one.rho.value) == pytest.approx((two.line.r, two.slope.value, two.rho.value))
    [pair] = corpora.alike([of_corpus, other])
    assert pair.n == len(counts)
    assert pair.rho is None or pair.rho == pytest.approx(1)


def test_concepts_of_the_images_of_a_retrieval(folder):
    (folder / "list.json").write_text('{"one": ["digit one"], "disc": ["circles", "ring"], "emu": ["emu"]}')
    code, screen = call("frequency", "concepts", "glyph-captions", "--concepts", "list.json", "--out", "c.json")
    assert code == 0, screen.err
    found = json.loads((folder / "c.json").read_text())
    assert len(found) == 110
    assert {image for image, own in found.items() if "one" in own} == {"digit-one-1.png", "digit-one-2.png"}
    assert {image.rsplit("-", 1)[0] for image, own in found.items() if "disc" in own} == {"circle", "ring"}
    assert not any("emu" in own for own in found.values())
    for task, says in (("glyph-caption", "did you mean 'glyph-captions'"), ("glyphs", "image-classification")):
        code, screen = call("frequency", "concepts", task, "--out", "d.json")
        assert code == 2
        assert says in " ".join(screen.err.split())


def test_nouns_are_those_of_the_first_five_captions_in_small_letters(monkeypatch):
    class Parser:
        def pipe(self, texts, batch_size):
            assert batch_size > 0
            for text in texts:
                yield [mock.Mock(lemma_=word, pos_="NOUN" if word[0].isupper() else "VERB") for word in text.split()]

    monkeypatch.setattr(image_concepts.parsed, "load", lambda _: Parser())
    captions = {"i": ["Dog runs", "Cat 2", "Dog", "Owl", "Emu", "Late"], "j": ["sits"]}
    assert image_concepts.nouns(captions) == {"i": ["cat", "dog", "emu", "owl"], "j": []}


@pytest.mark.parametrize(
    ("trained", "words"), [({"clup": "A"}, ["'clup'", "did you mean 'clip'"]), ({"clip": "B"}, ["counts of 'B'", "A"])]
)
def test_a_model_or_a_corpus_that_there_is_not_is_no_pair(trained, words):
    performance = SimpleNamespace(name="clip", facts={"model": "clip"})
    corpus = SimpleNamespace(name="A", facts={"pretraining": "A"})
    assert measured.pairs([performance], [corpus], {"clip": "A"})[0] == [(performance, corpus)]
    with pytest.raises(UserError) as error:
        measured.pairs([performance], [corpus], trained)
    assert all(word in str(error.value) for word in words)
