"""Text vectors from files: looked up by the text, refused where one is missing or ambiguous."""

import numpy as np
import pytest

from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.engine import local
from zsbench.models.text.bi_encoder import bi_encoder
from zsbench.models.text.text_vectors import text_vectors
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options


def write(path, texts, vectors):
    np.savez(path, texts=texts, text_features=np.asarray(vectors, np.float32))
    return str(path)


def test_queries_and_documents_have_their_own_vectors(tmp_path):
    queries = write(tmp_path / "q.npz", ["a", "b", "a"], [[1, 0], [0, 1], [1, 0]])
    documents = write(tmp_path / "d.npz", ["a"], [[5, 5]])
    model = text_vectors(queries=queries, documents=documents)
    assert model.encode_queries(["b", "a"]).tolist() == [[0, 1], [1, 0]]
    assert model.encode_documents(["a"]).tolist() == [[5, 5]]
    alone = text_vectors(queries=queries)
    assert alone.fingerprint != model.fingerprint
    with pytest.raises(UserError, match="vectors of queries only"):
        alone.encode_documents(["a"])
    with pytest.raises(UserError, match=r"no vector for 1 of 2 texts \(first: 'c'\)"):
        model.encode_queries(["a", "c"])


def test_files_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(UserError, match="the vector of text 'b' is zero"):
        text_vectors(queries=write(tmp_path / "x.npz", ["a", "b"], [[1, 0], [0, 0]]))
    with pytest.raises(UserError, match="'a' stands twice, with different vectors"):
        text_vectors(queries=write(tmp_path / "x.npz", ["a", "a"], [[1, 0], [0, 1]]))
    with pytest.raises(UserError, match="2 texts"):
        text_vectors(queries=write(tmp_path / "x.npz", ["a", "b"], [[1, 0]]))
    np.savez(tmp_path / "y.npz", vectors=[[1.0]])
    with pytest.raises(UserError, match="no array 'text_features'"):
        text_vectors(queries=str(tmp_path / "y.npz"))


def test_stored_vectors_rank_as_their_encoder_does(tmp_path):
    encoder = bi_encoder(
        model=str(ASSETS / "models" / "lm-synonyms"),
        pooling="mean",
        normalise=True,
        query_prefix="",
        document_prefix="",
    )
    made = planning.make("synonyms-docids", Choices(methods=("bm25-search",)))
    texts = [item.text for item in made.jobs[0].build_task().load(limit=None, seed=0).items]
    stored = write(tmp_path / "q.npz", texts, encoder.encode_queries(texts))
    (tmp_path / "m.yaml").write_text(f"adapter: text-vectors\nqueries: {stored}\n")
    choices = Choices(
        models=("encoder-synonyms", str(tmp_path / "m.yaml")),
        methods=("atomic-docids",),
        assignments=(f"method.weights={ASSETS}/data/synonyms-docids/weights-vanilla.npy",),
    )
    options = Options(tmp_path / "out", Cache(None), True)
    one, other = local.run(planning.make("synonyms-docids", choices), options, lambda *_: None, lambda _: None)
    assert one.error is other.error is None
    assert one.result["metrics"] == other.result["metrics"]
