"""Entailment: the class whose hypothesis a text entails most.

    hypothesis_c = template filled with the class's name        "This text is about {}."
    single label   score_c = logit(entailment | text, hypothesis_c), softmax over the classes
    multi-label    score_c = log-odds of entailment against contradiction, each class by itself: its sigmoid is the
                   softmax over the two

Source: Yin et al. 2019, arXiv:1909.00161; the entailment baseline of Schopf et al. 2022, arXiv:2211.16285.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Blanks
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import blanks, fill
from zsbench.methods.text_classification import Classifier, Rule, TextItem, TextProblem, Texts
from zsbench.models.capabilities import PairClassifier

Hypothesis = Annotated[str, Blanks("", "c", needed=("|c",))]
"""A sentence in which `{}` or `{c}` is the class's name."""


def _check(options: dict[str, Any]) -> None:
    template = options["template"]
    if template.count("{}") + template.count("{c}") > 1:
        raise UserError("template", repr(template), "one place for the class")


@method(family="text-classification", needs=(PairClassifier,), shown=("template", "multi_label"))
@companions(check=_check)
def nli(*, template: Hypothesis = "This text is about {}.", multi_label: bool = False) -> Rule:
    """Classify by entailment, with any classifier whose labels say which one that is.

    Parameters
    ----------
    template : the hypothesis; `{}` or `{c}` is the class's name.
    multi_label : judge each class by itself, so that several or none may hold.
    """

    def build(texts: Texts, problem: TextProblem) -> Classifier:
        model: PairClassifier = texts.model
        place = str(getattr(model, "reference", ""))
        entailed = labelled(model.labels, "entail", place)
        against = contradicted(model.labels, entailed, place) if multi_label else None
        hypotheses = [hypothesis(template, name) for name in problem.class_names]
        texts.asked(hypotheses)

        def score(items: Sequence[TextItem]) -> FloatArray:
            pairs = [(item.text, hypothesis) for item in items for hypothesis in hypotheses]
            logits = model.classify_pairs(pairs).reshape(len(items), len(hypotheses), -1)
            scores = logits[..., entailed] if against is None else logits[..., entailed] - logits[..., against]
            return np.asarray(scores, dtype=np.float32)

        return Classifier(score, ScoreKind("logits", bias=0.0 if multi_label else None))

    return build


def hypothesis(template: str, name: str) -> str:
    """Return the sentence about a class."""
    return fill(template, **dict.fromkeys(blanks(template), name))


def labelled(labels: Sequence[str], beginning: str, where: str = "") -> int:
    """Return the number of the one label whose name begins so, whatever its case.

    Parameters
    ----------
    labels : those of the checkpoint.
    beginning : in lower case.
    where : the checkpoint, for messages.

    Raises
    ------
    UserError
        The checkpoint has no such label, or several.
    """
    found = [number for number, label in enumerate(labels) if label.lower().startswith(beginning)]
    if len(found) != 1:
        several = f", of which {len(found)} begin with '{beginning}'" if found else ""
        hint = (
            "where a checkpoint names its labels otherwise, `id2label` in a copy of its config.json says which is which"
        )
        expected = f"one that begins with '{beginning}': a classifier of entailment"
        raise UserError(where, f"labels {', '.join(labels)}{several}", expected, hint)
    return found[0]


def contradicted(labels: Sequence[str], entailed: int, where: str = "") -> int:
    """Return the number of the label that stands against entailment: contradiction, or the other one of two.

    Raises
    ------
    UserError
        There is no such label.
    """
    return 1 - entailed if len(labels) == 2 else labelled(labels, "contradict", where)


def describe_prompt(options: dict[str, Any], task: dict[str, Any]) -> str:  # noqa: ARG001
    """Return the pair with stand-ins, for `zsbench show`."""
    return f"<text>\n-> {hypothesis(options.get('template', 'This text is about {}.'), '<class>')}"
