"""Write docids by beam search, at each step only tokens with which some id of the collection goes on.

    score(d) = sum_t log p(token_t | prompt, token_<t)        as in docid-exhaustive, for the ids that the beam finds

A small beam misses the best id when its first tokens are improbable; as many beams as documents miss none.

Source: De Cao et al. 2021 (ICLR), arXiv:2010.00904, section 3; Tay et al. 2022 (NeurIPS), arXiv:2202.06991, section 3.
"""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.config.options import Count
from zsbench.methods.generative_retrieval import Retriever
from zsbench.methods.generative_retrieval._docids import DocidPrompt, describe_prompt, retriever
from zsbench.models.capabilities import TokenScorer

__all__ = ["describe_prompt", "docid_beam"]


@method(family="generative-retrieval", needs=(TokenScorer,))
def docid_beam(
    *, width: Count = 10, prompt: DocidPrompt = DocidPrompt(), end: bool = True, renormalise: bool = False
) -> Retriever:
    """Rank the docids that a beam finds; it returns no more documents than it is wide.

    Parameters
    ----------
    width : beams kept at every step.
    prompt : wording.
    end : the token that ends an id counts; without it no id may begin another one.
    renormalise : probabilities among the ids instead of the whole vocabulary.
    """
    return retriever(prompt, width=width, end=end, renormalise=renormalise)
