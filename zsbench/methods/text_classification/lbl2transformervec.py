"""Lbl2TransformerVec: classes are means of unlabelled documents that are like their keywords.

    k_c = mean of the keyword vectors of class c        d_j = mean of the chunk vectors of document j
    l_c = mean of the d_j that k_c selects from an unlabelled corpus: by default the test texts themselves
    score_c = cos( d, l_c )                             confidence: softmax(20 cos)

Without a threshold exactly one document defines a class, so the threshold is what the rule stands on: give it, or a
list of values from which the best macro F1 on the task's validation texts chooses.

The reference's `clean_outliers` replaces the selected documents by their own mean, which changes nothing; here it is
the local outlier factor that Lbl2Vec has under the same name, and `flavour: reference` what the code does.

Source: Schopf et al. 2022, arXiv:2211.16285; sebischair/Lbl2Vec, lbl2vec/lbl2transformervec.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Count, Distinct, NonNegative
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, np
from zsbench.methods.text_classification import Classifier, DescribedBy, Rule, TextItem, TextProblem, Texts
from zsbench.methods.text_classification._selection import Mode, Selection, label_vectors
from zsbench.methods.text_classification._sentences import Splitter
from zsbench.methods.text_classification._vectors import Chunking, by_cosine, class_vectors, cosines, document_vectors
from zsbench.metrics.labels.classes import f1_over_all_classes
from zsbench.metrics.labels.gold import Labels
from zsbench.models.capabilities import TextEncoder

Cosine = Annotated[float, Ge(-1), Le(1)]
Corpus = Literal["test", "unlabeled"]


def _check(options: dict[str, Any]) -> None:
    most = options["max_num_docs"]
    if most is not None and most < options["min_num_docs"]:
        raise UserError("max_num_docs", str(most), f"at least `min_num_docs`, which is {options['min_num_docs']}")


@method(
    family="text-classification",
    needs=(TextEncoder,),
    kind="transductive",
    uses=("an unlabelled corpus",),
    uses_with_list={"similarity_threshold": "validation texts"},
    shown=("corpus", "described_by", "splitter"),
    inductive_uses=lambda options: ("an unlabelled corpus",) if options["corpus"] == "unlabeled" else None,
)
@companions(
    ("similarity_threshold_offset", "similarity_threshold", None),
    ("max_num_docs_mode", "max_num_docs"),
    ("flavour", "clean_outliers"),
    check=_check,
)
def lbl2transformervec(
    *,
    similarity_threshold: Cosine | Annotated[list[Cosine], MinLen(1), Distinct()] | None = None,
    similarity_threshold_offset: NonNegative = 0.0,
    min_num_docs: Count = 1,
    max_num_docs: Count | None = None,
    max_num_docs_mode: Mode = "top",
    clean_outliers: bool = False,
    flavour: Literal["correct", "reference"] = "correct",
    corpus: Corpus = "test",
    described_by: DescribedBy = "keywords",
    splitter: Splitter = "built-in",
    max_words: Count | None = None,
    reference_chunking: bool = False,
) -> Rule:
    """Classify by the similarity to documents that are like the classes' keywords.

    Parameters
    ----------
    similarity_threshold : cosine that a document has to exceed to define a class; of a list, the value with the best
        macro F1 on the validation texts (the first of equal ones). None is the best cosine less the offset.
    similarity_threshold_offset : how far below the best cosine a document may lie.
    min_num_docs : documents that define a class in any case.
    max_num_docs : documents that define a class at most; None is no limit.
    max_num_docs_mode : `top` takes the most similar ones; `corpus-prefix`, as the reference's code does, looks at the
        first documents of the corpus only.
    clean_outliers : leave local outliers among the documents of a class out.
    flavour : `reference` cleans outliers as the reference's code does: not at all.
    corpus : where the documents come from: the test texts, or the task's `unlabeled:` texts.
    described_by : `keywords` that the task gives a class, or its `names` alone.
    splitter : what parts texts into sentences; `syntok` is the reference's.
    max_words : words of a chunk; None is half the number of tokens that the model reads.
    reference_chunking : embed the empty chunk that the reference makes before a first sentence that is too long.
    """
    chunking = Chunking(splitter, max_words, reference_chunking)
    values = similarity_threshold if isinstance(similarity_threshold, list) else [similarity_threshold]
    selection = Selection(None, similarity_threshold_offset, min_num_docs, max_num_docs, max_num_docs_mode)
    without_outliers = clean_outliers and flavour == "correct"

    def build(texts: Texts, problem: TextProblem) -> Classifier:
        keywords = class_vectors(texts, problem, described_by)
        documents = document_vectors(texts, _corpus(texts, problem, corpus), chunking)
        similarities = cosines(documents, keywords).astype(np.float64)

        def labels_at(value: float | None) -> tuple[DoubleArray, list[int]]:
            at = replace(selection, threshold=value)
            return label_vectors(keywords, documents, similarities, at, without_outliers=without_outliers)

        value = values[0] if len(values) == 1 else _chosen(texts, problem, values, labels_at, chunking)
        vectors, counts = labels_at(value)
        _report(texts, problem, counts, selection.min_docs, len(documents))
        return by_cosine(texts, vectors, chunking)

    return build


def _corpus(texts: Texts, problem: TextProblem, corpus: Corpus) -> Sequence[TextItem]:
    """Return the unlabelled documents; the plan has seen to it that the task has those that the options name."""
    if corpus == "test" or problem.unlabeled is None:
        return texts.items
    texts.note("corpus", f"{len(problem.unlabeled)} unlabeled texts, none of them a test text")
    return problem.unlabeled


def _chosen(
    texts: Texts, problem: TextProblem, values: Sequence[float | None], labels_at: Any, chunking: Chunking
) -> float | None:
    """Return the threshold with the best macro F1 on the validation texts, and write the choice in the result."""
    validation = problem.validation
    assert validation is not None
    documents = document_vectors(texts, validation.items, chunking)
    gold = Labels(validation.labels, class_names=problem.class_names)
    scores = [f1_over_all_classes.metric.compute(cosines(documents, labels_at(v)[0]), gold) for v in values]  # type: ignore[attr-defined]
    best, n = int(np.argmax(scores)), len(validation.items)
    texts.note("chosen", {"similarity_threshold": values[best]})
    on = {"split": validation.split, "texts": n, "F1-over-all-classes": scores[best], "tried": len(values)}
    texts.note("chosen on", on)
    if validation.split == "test":
        texts.warn("similarity_threshold chosen on the labels of the test texts: oracle, an upper bound")
    elif validation.meets_test:
        among = f"{validation.of_test} of {n} are test texts"
        texts.warn(f"similarity_threshold chosen on texts, of which {among}: oracle, an upper bound")
    return values[best]


def _report(texts: Texts, problem: TextProblem, counts: Sequence[int], least: int, n_documents: int) -> None:
    """Write in the result how many documents define each class; one alone, or too small a corpus, is a doubt."""
    if least > n_documents:
        texts.warn(f"`min_num_docs: {least}` of a corpus of {n_documents}: all of it defines every class")
    texts.note("documents per class", dict(zip(problem.class_names, counts, strict=True)))
    if alone := sum(n == 1 for n in counts):
        texts.warn(f"{alone} of {len(counts)} classes are defined by one document each")
