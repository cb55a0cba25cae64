"""Similarity: the class whose keywords are most like a text, by the cosine of mean vectors.

    score_c = cos( d, k_c )        d: mean of the text's chunks, k_c: mean of the keywords of class c

Source: the SimCSE and SBERT baselines of Schopf et al. 2022, arXiv:2211.16285.
"""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.config.options import Count
from zsbench.methods.text_classification import Classifier, DescribedBy, Rule, TextProblem, Texts
from zsbench.methods.text_classification._sentences import Splitter
from zsbench.methods.text_classification._vectors import Chunking, by_cosine, class_vectors
from zsbench.models.capabilities import TextEncoder


@method(family="text-classification", needs=(TextEncoder,), shown=("described_by", "splitter"))
def similarity(
    *,
    described_by: DescribedBy = "keywords",
    splitter: Splitter = "built-in",
    max_words: Count | None = None,
    reference_chunking: bool = False,
) -> Rule:
    """Classify by the similarity to the classes' words.

    Parameters
    ----------
    described_by : `keywords` that the task gives a class, or its `names` alone.
    splitter : what parts texts into sentences; `syntok` is the reference's.
    max_words : words of a chunk; None is half the number of tokens that the model reads.
    reference_chunking : embed the empty chunk that the reference makes before a first sentence that is too long.
    """
    chunking = Chunking(splitter, max_words, reference_chunking)

    def build(texts: Texts, problem: TextProblem) -> Classifier:
        return by_cosine(texts, class_vectors(texts, problem, described_by), chunking)

    return build
