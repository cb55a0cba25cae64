"""`zsbench heads` finds planted heads, writes where they come from, and results say what they rest on."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.models import _tiny
from zsbench.cli.main import app
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank import heads
from zsbench.methods.rerank._icr import IcrPrompt, Reader

RUN = CliRunner()
QUERIES = 6


class Planted:
    """A decoder of 3 layers and 4 heads: head (1, 2) attends to the relevant passage, (0, 1) to every passage."""

    fingerprint = "planted"

    def __init__(self):
        self.cost, self.words, self.seen = Cost(), _tiny.tokenizer(), []

    def tokenize(self, text, *, special):
        encoded = self.words(text, add_special_tokens=special, return_offsets_mapping=True)
        return encoded["input_ids"], encoded["offset_mapping"]

    def attention_mass(self, prefix, tails, *, n_layers=None):
        self.seen.append(n_layers)
        total = len(prefix) + max(len(tail) for tail in tails)
        mass = np.full((2, 3, 4, total), 1e-4, dtype=np.float32)[: len(tails)]
        here = np.array([token == self.tokenize("R", special=False)[0][0] for token in prefix])
        mass[0, 1, 2, : len(prefix)] += 0.3 * here
        mass[:, 0, 1, : len(prefix)] += 0.9 / len(prefix)
        return [mass[i, :n_layers, :, : len(prefix) + len(tail)] for i, tail in enumerate(tails)]


PIECES = IcrPrompt(intro="", separator=" | ", document="{text}", instruction="", query="{query}", blank="-")


def planted_items():
    items = [
        RankItem(str(q), f"query {q}", tuple(Document(str(d), "RRRR" if d == q % 5 else "dddd") for d in range(5)))
        for q in range(QUERIES)
    ]
    return items, [{str(q % 5): 1, "0": 0, "elsewhere": 2} | {str(q % 5): 1} for q in range(QUERIES)]


@pytest.mark.parametrize("rule", ["contrastive", "query-focused"])
def test_the_planted_head_comes_first(rule):
    items, gold = planted_items()
    reader = Reader(prompt=PIECES, calibration="none" if rule == "contrastive" else "na")
    scores = heads.score(Planted(), items, gold, reader, rule=rule)
    assert scores.shape == (3, 4)
    assert heads.best(scores, 1) == [[1, 2]]
    if rule == "contrastive":  # a head that attends to all passages alike tells nothing apart
        assert scores[0, 1] == pytest.approx(1 / 5)
        assert scores[1, 2] > 0.99
    else:
        assert scores[1, 2] == pytest.approx(4 * 0.3, rel=1e-4)
        assert abs(scores[0, 1]) < 1e-6


def test_contrast_is_the_mean_softmax_share_of_relevant_passages():
    rng = np.random.default_rng(0)
    relevant, others = rng.random((2, 3, 2)), rng.random((2, 3, 5))
    got = heads.contrast(relevant, others, temperature=0.5)
    for layer in range(2):
        for head in range(3):
            shares = [
                np.exp(a / 0.5) / (np.exp(a / 0.5) + np.exp(others[layer, head] / 0.5).sum())
                for a in relevant[layer, head]
            ]
            assert got[layer, head] == pytest.approx(np.mean(shares))
    tiny = heads.contrast(relevant, others + 1, temperature=1e-6)
    assert np.isfinite(tiny).all()


def test_ties_go_in_the_order_of_layers_and_heads():
    assert heads.best(np.array([[0.0, 1.0], [1.0, 0.0]]), 3) == [[0, 1], [1, 0], [0, 0]]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    file = tmp_path_factory.mktemp("heads") / "heads.json"
    arguments = ["heads", "synonyms", "--model", "lm-synonyms", "--queries", "8", "--top", "3", "--out", str(file)]
    done = RUN.invoke(app, [*arguments, "--seed", "1"])
    assert done.exit_code == 0, done.output
    again = file.with_name("again.json")
    RUN.invoke(app, [*arguments[:-1], str(again), "--seed", "1"])
    assert again.read_bytes() == file.read_bytes()
    return file


def test_the_file_says_where_its_heads_come_from(found):
    kept = json.loads(found.read_text(encoding="utf-8"))
    assert (kept["task"], kept["model"], kept["rule"]) == ("synonyms", "lm-synonyms", "contrastive")
    assert len(kept["queries"]) == 8
    assert kept["model_fingerprint"]
    assert kept["options"]["doc_order"] == "best_first"  # the task's own options for icr
    scores = np.array(kept["scores"])
    assert kept["heads"] == heads.best(scores, 3)


def evaluate(folder, options):
    suite = folder / "suite.yaml"
    suite.write_text(
        json.dumps(
            {"description": "x", "runs": [{"tasks": "synonyms", "models": "lm-synonyms", "methods": [options]}]}
        ),
        encoding="utf-8",
    )
    done = RUN.invoke(app, ["eval", str(suite), "--out", str(folder / "runs"), "--limit", "40", "--json"])
    assert done.exit_code == 0, done.output
    [result] = json.loads(done.stdout)["suites"][0]["results"]
    return result


def test_a_result_with_found_heads_says_so_and_flags_shared_queries(found, tmp_path):
    plain = evaluate(tmp_path, {"name": "icr"})
    result = evaluate(tmp_path, {"name": "icr", "label": "chosen", "heads": str(found)})
    assert plain["method_uses"] == []
    assert plain["notes"] == {}
    assert result["method_uses"] == ["support set"]
    kept = json.loads(found.read_text(encoding="utf-8"))
    assert result["notes"]["chosen on labelled queries"]["queries"] == list(kept["queries"])
    assert "test queries are among those that chose the heads" in result["notes"]["warning"]
    assert str(found) in [row["path"] for row in result["inputs"]]
    assert result["metrics"]["nDCG@10"]["value"] > plain["metrics"]["nDCG@10"]["value"]


def test_other_queries_are_not_flagged_and_other_weights_are(found):
    kept = heads.read(str(found))

    class Model:
        fingerprint = kept.model_fingerprint

    class Other:
        fingerprint = "other"

    fresh = [RankItem("new", "a query that chose nothing", ())]
    assert kept.warning(Model, fresh) == ""
    assert "other weights" in kept.warning(Other, fresh)
    first = next(iter(kept.queries.values()))
    assert "1 test queries" in kept.warning(Model, [RankItem("other id", first, ())])


@pytest.mark.parametrize("text", ["", "[]", '{"heads": [[0, 1]]}', "not json"])
def test_a_file_of_another_kind_is_refused(text, tmp_path):
    file = tmp_path / "heads.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="no head file"):
        heads.read(str(file))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["synonyms", "--model", "no-such-model"], "no model 'no-such-model'"),
        (["digits", "--model", "lm-synonyms"], "icr"),
        (["synonyms", "--model", "clip-glyphs"], "CausalLM"),
    ],
)
def test_bad_input_is_one_sentence(arguments, said, tmp_path):
    done = RUN.invoke(app, ["heads", *arguments, "--out", str(tmp_path / "x.json")])
    assert isinstance(done.exception, UserError)
    assert said in str(done.exception)
    assert not (tmp_path / "x.json").exists()
