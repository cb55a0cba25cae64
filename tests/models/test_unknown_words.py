"""Words that a tokenizer does not know have one token for all of them: nothing is compared by its logit."""

import pytest

from zsbench.core.errors import RunError
from zsbench.methods.rerank.first import identifier_ids
from zsbench.models.capabilities import Prompt
from zsbench.models.prompt_tokens import split_common_prefix
from zsbench.plan import planning
from zsbench.plan.choices import Choices


@pytest.fixture(scope="module")
def model():
    [job] = planning.make("synonyms", Choices(("lm-synonyms",), ("pointwise",))).jobs
    return job.model.build()


@pytest.mark.parametrize("label", ["zzz yyy", "A zzz", "zzz"])
def test_labels_that_the_tokenizer_does_not_know_are_refused(label, model):
    with pytest.raises(RunError, match=f"label '{label}' is unknown to this model's tokenizer"):
        model.label_logits([Prompt(text="rank present")], [label, "B"])
    assert model.label_logits([Prompt(text="rank present")], ["A", "B"]).shape == (1, 2)


def test_tokenizers_without_such_a_token_know_everything():
    assert split_common_prefix([[1, 2], [1, 3]], ["a", "b"], unknown=None) == ([1], [[2], [3]])


def test_identifiers_that_are_one_token_are_refused():
    class One:
        def tokenize(self, text, *, special):
            return [7] * len(text), [(i, i + 1) for i in range(len(text))]

    with pytest.raises(RunError, match="identifier 'A' is the same token as another"):
        identifier_ids(One(), "[", ["A", "B"])
    assert identifier_ids(One(), "[", ["A"]) == [7]
