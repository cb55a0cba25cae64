"""CoRNStack's localisation equals the public code: all of the gold among the first k, of functions and of files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference._golden import load_json, some
from zsbench.config import catalog, overlay
from zsbench.core.records import Cost
from zsbench.data.collections.documents import Document, RankItem
from zsbench.data.collections.issues import changed
from zsbench.methods.rerank._permutation import RankPrompt
from zsbench.methods.rerank.rankgpt import rankgpt
from zsbench.metrics import naming
from zsbench.metrics.rankings.localisation import Changed, file_of

GOLDEN = load_json("cornstack", "localization.json") or {}
NAMES = {"function": "localisation-acc@{}", "file": "localisation-acc(level=file)@{}"}


def metric(level, k):
    return naming.resolve(NAMES[level].format(k), kinds=("localisation",))


def run(order):
    return {name: float(len(order) - rank) for rank, name in enumerate(order)}


def golden():
    """Return the ids, rankings (an empty one where there is no prediction) and gold of what was evaluated."""
    ids = some(GOLDEN.get("evaluated_ids"), "cornstack")
    files = GOLDEN.get("file_labels") or {}
    gold = [changed(GOLDEN["labels"][key], files.get(key)) for key in ids]
    return ids, [run(GOLDEN["predictions"].get(key, [])) for key in ids], gold


@pytest.mark.parametrize("level", NAMES)
def test_accuracy_equals_the_public_code(level):
    ids, rankings, gold = golden()
    if f"{level}_topk_percent" not in GOLDEN:
        pytest.skip(f"no numbers for a {level} in this golden folder")
    for k, value in enumerate(some(GOLDEN[f"{level}_topk_percent"], "cornstack"), 1):
        hits = metric(level, k).statistics(rankings, gold).sum()
        assert hits / GOLDEN[f"{level}_denominator"] * 100 == pytest.approx(value, abs=1e-9), k
        # As the table has it: an instance without prediction is missed.
        assert metric(level, k).compute(rankings, gold) == pytest.approx(hits / len(ids))


@pytest.mark.parametrize("level", NAMES)
def test_the_denominator_of_the_golden_run_leaves_absent_instances_out(level):
    # The public code counts what was predicted, and then demands that this be all 274.
    _, rankings, gold = golden()
    skipped = [ranking or None for ranking in rankings]
    if sum(ranking is not None for ranking in skipped) != GOLDEN.get(f"{level}_denominator"):
        pytest.skip("this golden run counts all instances")
    for k, value in enumerate(GOLDEN[f"{level}_topk_percent"], 1):
        assert metric(level, k).compute(skipped, gold) * 100 == pytest.approx(value, abs=1e-9)


def test_files_are_those_of_the_functions_at_their_first_occurrence():
    for key, order in some((GOLDEN.get("predictions") or {}).items(), "cornstack"):
        if key in (GOLDEN.get("file_predictions") or {}):
            assert list(dict.fromkeys(map(file_of, order))) == GOLDEN["file_predictions"][key]


def test_every_gold_function_has_to_be_there():
    ranking = run(["a.py/f", "b.py/g", "a.py/h"])
    both = Changed(frozenset({"a.py/f", "a.py/h"}), frozenset({"a.py"}))
    assert [metric("function", k).compute([ranking], [both]) for k in (1, 2, 3, 9)] == [0, 0, 1, 1]
    assert [metric("file", k).compute([ranking], [both]) for k in (1, 2)] == [1, 1]
    touched = Changed(both.functions, frozenset({"a.py", "b.py", "setup.cfg"}))
    assert [metric("file", k).compute([ranking], [touched]) for k in (1, 2, 9)] == [0, 0, 0]


def test_nothing_to_find_is_undefined():
    nothing = Changed(frozenset(), frozenset({"a.py"}))
    assert np.isnan(metric("function", 1).statistics([run(["a.py/f"])], [nothing])).all()
    assert metric("file", 1).statistics([run(["a.py/f"])], [nothing]).tolist() == [1]


@pytest.mark.parametrize(
    ("function", "file"),
    [
        ("pkg/mod.py/Class/method", "pkg/mod.py"),
        ("pkg/v1.2/mod.py/f", "pkg/v1.2/mod.py"),
        (".github/run.py/f", ".github/run.py"),
        ("src/Main.java/Main/go", "src/Main.java"),
        ("pkg/mod.py", "pkg/mod.py"),
        ("pkg/mod.pyc/f", "pkg/mod.pyc/f"),
        ("Makefile/all", "Makefile/all"),
    ],
)
def test_the_file_of_a_function(function, file):
    assert file_of(function) == file


@given(st.lists(st.integers(0, 7), unique=True), st.sets(st.integers(0, 7), min_size=1), st.integers(1, 9))
def test_accuracy_never_falls_with_k_and_files_are_found_no_later(order, own, k):
    ranking = run([f"m{i % 3}.py/f{i}" for i in order])
    gold = changed(f"m{i % 3}.py/f{i}" for i in own)
    first, more = (metric("function", cut).compute([ranking], [gold]) for cut in (k, k + 1))
    assert first <= more
    assert first <= metric("file", k).compute([ranking], [gold])
    assert first == float(own <= set(order[:k]))


class Judge:
    """A listwise ranker that keeps the order it is shown, and what it was shown."""

    def __init__(self):
        self.prompts, self.cost = [], Cost()

    def generate(self, prompts, *, max_new_tokens, stop=()):
        self.prompts += prompts
        return ["[1]" for _ in prompts]

    def tokenize(self, text, special=True):
        return list(range(len(text))), [(i, i + 1) for i in range(len(text))]

    def chat(self, messages):
        return ""


@pytest.mark.parametrize("task", ["csn-python", "swe-bench-lite-functions"])
def test_the_prompt_for_code_has_its_lines_and_windows_of_ten(task):
    options = overlay.load(catalog.find_config("tasks", task)).value["method_options"]["rankgpt"]
    options = {**options, "prompt": RankPrompt.model_validate(options["prompt"])}
    code = "def f(x):\n    return y[3]" + "#" * 2000
    item = RankItem("q", "the query", tuple(Document(f"d{i}", code, "" if i else "f") for i in range(20)))
    model = Judge()
    assert rankgpt(**options)(model, item, None) == list(range(20))
    assert len(model.prompts) == 3
    system, user = model.prompts[0].messages
    assert system["content"].startswith("You are CodeRanker")
    # Cut to 1024 tokens (letters here), with what looks like an identifier defused.
    shown = code.replace("[3]", "(3)")[:1024]
    assert f"\n[1] {shown}\n[2] {shown}\n" in user["content"]
    # The last window holds the first passage, whose title stands in front.
    titled = f"f. {code.replace('[3]', '(3)')}"[:1024]
    assert f"\n[1] {titled}\n[2] {shown}\n" in model.prompts[-1].messages[1]["content"]
    assert user["content"].endswith("do not say any word or explain.")
    assert user["content"].count("the query") == 2
    assert "10 code" in user["content"]
    assert "e.g., [2] > [1]." in user["content"]
