"""Entailment: the class whose hypothesis a text entails most.

    hypothesis_c = template filled with the class's name        "This text is about {}."
    single label   score_c = logit(entailment | text, hypothesis_c), softmax over the classes
    multi-label    score_c = log-odds of entailment against contradiction, each class by itself: its sigmoid is the
                   softmax over the two

Source: Yin et al. 2019, arXiv:1909.00161; the entailment baseline of Schopf et al. 2022, arXiv:2211.16285.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import ClassTemplate
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import fill_class
from zsbench.methods.text_classification import Classifier, Rule, TextItem, TextProblem, Texts
from zsbench.models.capabilities import PairClassifier


@method(family="text-classification", needs=(PairClassifier,), shown=("template", "multi_label"))
def nli(*, template: ClassTemplate = "This text is about {}.", multi_label: bool = False) -> Rule:
    """Classify by entailment, with any classifier whose labels say which one that is.

    Parameters
    ----------
    template : the hypothesis; `{}` or `{c}` is the class's name.
    multi_label : judge each class by itself, so that several or none may hold.
    """

    def build(texts: Texts, problem: TextProblem) -> Classifier:
        model: PairClassifier = texts.model
        entailed = labelled(model.labels, "entail")
        against = contradicted(model.labels, entailed) if multi_label else None
        hypotheses = [fill_class(template, name) for name in problem.class_names]
        texts.asked(hypotheses)

        def score(items: Sequence[TextItem]) -> FloatArray:
            pairs = [(item.text, hypothesis) for item in items for hypothesis in hypotheses]
            logits = model.classify_pairs(pairs).reshape(len(items), len(hypotheses), -1)
            scores = logits[..., entailed] if against is None else logits[..., entailed] - logits[..., against]
            return np.asarray(scores, dtype=np.float32)

        return Classifier(score, ScoreKind("logits", bias=0.0 if multi_label else None))

    return build


def labelled(labels: Sequence[str], beginning: str) -> int:
    """Return the number of the one label whose name begins so, whatever its case.

    Raises
    ------
    UserError
        The checkpoint has no such label, or several.
    """
    found = [number for number, label in enumerate(labels) if label.lower().startswith(beginning)]
    if len(found) != 1:
        what = f"labels {', '.join(labels)}"
        raise UserError("", what, f"one that begins with '{beginning}': a classifier of entailment")
    return found[0]


def contradicted(labels: Sequence[str], entailed: int) -> int:
    """Return the number of the label that stands against entailment: contradiction, or the other one of two.

    Raises
    ------
    UserError
        There is no such label.
    """
    return 1 - entailed if len(labels) == 2 else labelled(labels, "contradict")


def describe_prompt(options: dict[str, Any], task: dict[str, Any]) -> str:  # noqa: ARG001
    """Return the pair with stand-ins, for `zsbench show`."""
    return f"<text>\n-> {fill_class(options.get('template', 'This text is about {}.'), '<class>')}"
