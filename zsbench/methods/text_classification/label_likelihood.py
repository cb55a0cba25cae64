"""Label likelihood: the class whose name a language model finds most probable after the text.

    score_c = log mean_w exp( s(w) )        over the words w that stand for class c: its name, or its keywords
    s(w) = sum_t log p(w_t | prompt(text), w_<t)        `length: mean` divides by the number of tokens
           - the same after a text without content, where `calibration` gives one

Source: Brown et al. 2020 (GPT-3), arXiv:2005.14165, for the likelihood of an answer, divided by its length
or by its likelihood without the text; Hu et al. 2022 (KPT), arXiv:2108.02035, for the mean over a class's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from zsbench.config.components import method
from zsbench.config.options import Blanks, Count
from zsbench.config.options import Text as TextOption
from zsbench.core.lazy import DoubleArray, FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import fill
from zsbench.methods.rerank.cuts import count, cut_words
from zsbench.methods.shared.document_texts import Piece, Wording, put
from zsbench.methods.text_classification import Classifier, DescribedBy, Rule, TextItem, TextProblem, Texts
from zsbench.models.capabilities import TextScorer


class LabelPrompt(Wording):
    """The question about a text, how the model's turn opens, and the text whose probability counts.

    `{classes}` lists the class names, parted by commas.
    """

    text: Annotated[str, Blanks("text", "classes", needed=("text",))] = "Text: {text}\nTopic (one of {classes}):"
    answer: Piece = ""
    target: Annotated[str, Blanks("label", needed=("label",))] = " {label}"


@method(family="text-classification", needs=(TextScorer,), shown=("described_by",))
def label_likelihood(
    *,
    prompt: LabelPrompt = LabelPrompt(),
    described_by: DescribedBy = "names",
    length: Literal["sum", "mean"] = "sum",
    calibration: TextOption | None = None,
    max_words: Count | None = None,
) -> Rule:
    """Classify by the likelihood of the classes' words.

    Parameters
    ----------
    prompt : wording.
    described_by : `names` of the classes, or the `keywords` that the task gives them.
    length : `mean` takes the log-probability a token, so that long names are not less probable for their length.
    calibration : a text without content, such as "N/A", after which a word's likelihood is subtracted.
    max_words : words of a text that are shown; None is all of them.
    """

    def build(texts: Texts, problem: TextProblem) -> Classifier:
        model: TextScorer = texts.model
        described = problem.described(described_by)
        words = list(dict.fromkeys(word for of_class in described for word in of_class))
        columns = [[words.index(word) for word in of_class] for of_class in described]
        targets = [fill(prompt.target, label=word) for word in words]
        chat, classes = prompt.talks(model), ", ".join(problem.class_names)
        texts.asked(targets)

        def likelihoods(shown: Sequence[str]) -> DoubleArray:
            contents = [fill(prompt.text, text=text, classes=classes) for text in shown]
            prompts = [put(content, chat=chat, answer=prompt.answer) for content in contents]
            asked = [(one, target) for one in prompts for target in targets]
            tokens = model.target_logprobs([one for one, _ in asked], [target for _, target in asked])
            values = [float(row.mean() if length == "mean" else row.sum()) for row in tokens]
            return np.asarray(values).reshape(len(shown), len(targets))

        before = 0.0 if calibration is None else likelihoods([calibration])

        def score(items: Sequence[TextItem]) -> FloatArray:
            whole = [item.text for item in items]
            shown = [cut_words(text, max_words) for text in whole]
            count(model, whole, shown)
            return of_classes(likelihoods(shown) - before, columns)

        return Classifier(score, ScoreKind("log-probabilities"))

    return build


def of_classes(likelihoods: DoubleArray, columns: Sequence[Sequence[int]]) -> FloatArray:
    """Return the log of the mean likelihood of each class's words, (n_texts, n_classes).

    Parameters
    ----------
    likelihoods : (n_texts, n_words) log-likelihoods.
    columns : numbers of the words of each class.
    """
    parts = [np.logaddexp.reduce(likelihoods[:, list(own)], axis=1) - np.log(len(own)) for own in columns]
    return np.stack(parts, axis=1).astype(np.float32)


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins and what is scored, for `zsbench show`."""
    prompt = LabelPrompt.model_validate(options.get("prompt", {}))
    asked = fill(prompt.text, text="<text>", classes="<class>, <class>")
    return f"{asked}\n-> {fill(prompt.answer)}{fill(prompt.target, label='<class>')}"
