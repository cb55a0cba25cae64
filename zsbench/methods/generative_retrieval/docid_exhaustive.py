"""Score every docid of a small collection: the sum of its tokens' log-probabilities after the prompt.

    score(d) = sum_t log p(token_t | prompt, token_<t)        end token included, no length penalty

`renormalise` takes each probability among the tokens that may come next in some id; plain and renormalised scores rank
differently. The prompt is read once a query, and beginnings that ids share once.

Source: Tay et al. 2022 (NeurIPS), arXiv:2202.06991, section 3; Zhou et al. 2022, arXiv:2203.00537.
"""

from __future__ import annotations

from zsbench.config.components import method
from zsbench.methods.generative_retrieval import Retriever
from zsbench.methods.generative_retrieval._docids import DocidPrompt, describe_prompt, retriever
from zsbench.models.capabilities import TokenScorer

__all__ = ["describe_prompt", "docid_exhaustive"]


@method(family="generative-retrieval", needs=(TokenScorer,))
def docid_exhaustive(*, prompt: DocidPrompt = DocidPrompt(), end: bool = True, renormalise: bool = False) -> Retriever:
    """Rank by the log-probability of the docid.

    Parameters
    ----------
    prompt : wording.
    end : the token that ends an id counts; without it no id may begin another one.
    renormalise : probabilities among the ids instead of the whole vocabulary.
    """
    return retriever(prompt, width=None, end=end, renormalise=renormalise)
