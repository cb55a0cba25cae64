"""Entities that a language model lists: the published conversation word for word, answers read, texts found again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.config import blocks
from zsbench.config.blocks import Block
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.core.yamlio import Document
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Problem
from zsbench.methods.ner._entity_prompts import STYLES, all_labels, one_label
from zsbench.methods.ner._written import mentions, places
from zsbench.methods.ner.llm_json import llm_json
from zsbench.plan import planning
from zsbench.plan.choices import Choices

WORDS = ("Brian", "May", "of", "Queen", "saw", "the", "queen", "and", "Queen", ".")


class Writer:
    """Answers from a table: the first entry whose key stands in the last thing asked."""

    def __init__(self, answers, *, converses=True):
        self.answers, self.converses, self.asked, self.cost = answers, converses, [], Cost()

    def generate(self, prompts, *, max_new_tokens, stop=()):
        self.asked += prompts
        last = [p.messages[-1]["content"] if p.messages else p.text for p in prompts]
        return [next((answer for key, answer in self.answers.items() if key in text), "") for text in last]


def tagged(model, labels, *sentences, **options):
    run = RunContext("auto", Cache(None), 0, model.cost)
    return llm_json(**options)(model, Problem(labels), run)(
        [Sentence(str(n), words) for n, words in enumerate(sentences)]
    )


def test_the_conversation_is_that_of_the_paper():
    # The first conversation of src/eval/test_data/CrossNER_AI.json, as src/conversation.py puts it (ie_as_qa).
    text = "Finally , every other year , ELRA organizes a major conference LREC ."
    asked = STYLES["universalner"].asked(text, ["conference"], chat=True).messages
    assert [tuple(turn.values()) for turn in asked] == [
        ("system", "A virtual assistant answers questions from a user based on the provided text."),
        ("user", f"Text: {text}"),
        ("assistant", "I've read this text."),
        ("user", "What describes conference in the text?"),
    ]
    assert STYLES["universalner"].asked(text, ["conference"], chat=False).text == (
        "A virtual assistant answers questions from a user based on the provided text. "
        f"USER: Text: {text} ASSISTANT: I've read this text.</s>USER: What describes conference in the text? ASSISTANT:"
    )


def test_every_label_is_asked_of_every_sentence_and_unparsable_answers_are_counted():
    model = Writer({"describes person": '["Brian May", "Freddie"]', "describes band": ' ["Queen"]', "song": "none"})
    [spans, _] = tagged(model, ["person", "band", "song"], WORDS, ("Nothing",))
    assert spans == [
        Mention(0, 1, "person", None, "Brian May"), Mention(None, None, "person", None, "Freddie"),
        Mention(3, 3, "band", None, "Queen"), Mention(8, 8, "band", None, "Queen"),
    ]  # fmt: skip
    assert [model.cost.answers, model.cost.malformed_outputs] == [6, 2]
    assert [prompt.messages[-1]["content"] for prompt in model.asked[3:]] == [
        f"What describes {label} in the text?" for label in ("person", "band", "song")
    ]


def test_all_labels_are_asked_at_once():
    answer = '```json\n[{"text": "Queen", "label": "Band"}, {"text": "Brian  May", "label": "person"}]\n```'
    model = Writer({"person, band": answer}, converses=False)
    [spans] = tagged(model, ["person", "band"], WORDS, prompt="json-list", occurrences="first")
    assert spans == [Mention(3, 3, "band", None, "Queen"), Mention(0, 1, "person", None, "Brian  May")]
    assert [model.cost.answers, model.cost.malformed_outputs, model.asked[0].messages] == [1, 0, ()]


@pytest.mark.parametrize("answer", ["", "[", "[1]", '["Queen"]', '[{"text": "Queen"}]', '[{"text": 3, "label": "band"}]',
                                    '[{"text": "Queen", "label": 3}]', "[" * 5000, r'[{"text": "\ud800", "label": "band"}]'])  # fmt: skip
def test_what_is_no_list_of_entities_says_nothing(answer):
    assert all_labels(answer, ["band"]) is None
    assert answer == '["Queen"]' or one_label(answer, ["band"]) is None
    assert one_label(r'["\ud800"]', ["band"]) is None


def test_a_text_that_is_listed_again_stands_for_its_next_place():
    sentence = Sentence("s", WORDS)
    listed = [("band", "Queen")] * 3
    assert [span[:2] for span in mentions(sentence, listed, "first")] == [(3, 3), (8, 8), (None, None)]
    assert [span[:2] for span in mentions(sentence, listed, "all")] == [(3, 3), (8, 8)]


@given(
    st.lists(st.text("aB.-", min_size=1, max_size=3), min_size=1, max_size=8),
    st.data(),
)
def test_what_stands_in_a_sentence_is_found_there(words, data):
    sentence = Sentence("s", tuple(words))
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start, len(words) - 1))
    found = places(sentence, sentence.spelled(start, end))
    assert all(words[a : b + 1] == words[start : end + 1] for a, b in found)
    # A place that overlaps an earlier one of the same text is none.
    assert any(a <= end and start <= b for a, b in found)


@pytest.mark.parametrize(
    ("prompt", "lacks"),
    [
        ({"first": "{text}"}, "{label} or {labels}"),
        ({"first": "{text} {label} {labels}"}, "{label} or {labels}"),
        ({"first": "{text} {label}", "plain": "{text} {labels}"}, "blanks of the turns"),
        ({"first": "{text}", "receipt": "ok"}, "{label} or {labels}"),
        ({"first": "{text} {label}", "receipt": "ok"}, "`receipt` and `question` together"),
    ],
)
def test_a_prompt_that_asks_nothing_is_refused(prompt, lacks):
    value = {"name": "llm-json", "prompt": prompt}
    with pytest.raises(UserError) as refused:
        blocks.block("methods", value, "name", Document("t.yaml", value), ())
    assert lacks in str(refused.value)


def test_an_endpoint_is_asked_as_local_weights_are(tmp_path):
    config = {"adapter": "openai-compatible", "model": "m", "base_url": "http://127.0.0.1:9/v1"}
    (tmp_path / "ep.yaml").write_text(json.dumps(config))
    assert planning.make("names-recurring", Choices((str(tmp_path / "ep.yaml"),), ("llm-json",))).jobs


def test_a_prompt_of_ones_own_has_a_short_name():
    own = Block("methods", "llm-json", {"prompt": {"first": "{text} {label}\n" * 50}})
    assert [own.title, own.settings()] == ["llm-json(prompt=own)", "prompt own, occurrences all"]
    limits = Block("methods", "span-threshold", {"thresholds": {"ship": 0.3, "town": 1}})
    assert limits.title == "span-threshold(thresholds=ship 0.3; town 1)"
