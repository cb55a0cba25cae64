"""Pseudolabels (FPL, IFPL, GRIP): CLIP labels unlabelled images, K a class, and a linear classifier learns from them.

    select   board | topk-plain | all           which images get which labels (`_pseudolabels.py`)
    schedule fpl:  one round, K a class
             ifpl: I rounds, K a class, labels by the classifier of the round before
             grip: I rounds, K_i = floor( i floor(n / I) / C ), so that the last uses nearly all n images; I = 10
    learner  linear:     min CE / 2 (labelled) + CE / 2 (pseudolabelled) + pull / 2 (s |W - W_0|)^2, W_0 zero-shot
             prototypes: W_c = mean feature of the images labelled c, of length 1

Labels and learner see logits at the model's own scale s, or at the task's `logit_scale`.
The paper learns prompts, with gradients through the text encoder; here the learner is linear in the image features,
so what is reproduced is the choice of labels, the rounds and the three ways to be short of labels.

Source: Menghini et al. 2023, arXiv:2306.01669, section 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Count, Few, Positive
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Classifier, Encoder, Problem, Rule, linear
from zsbench.methods.classification._learners import Learner, learn
from zsbench.methods.classification._pseudolabels import FPL_K, ROUNDS, Schedule, Select, counts, pick, unlabelled
from zsbench.methods.classification._support import own_scale, support_of, text_weights
from zsbench.methods.classification.prompt_ensemble import ensemble
from zsbench.models.capabilities import ImageTextEncoder


def _check(options: dict[str, Any]) -> None:
    _check_schedule(options["schedule"], options["select"])


def _check_schedule(schedule: str, select: str) -> None:
    if schedule == "grip" and select == "all":
        raise UserError("select", "`select: all` has no K that `schedule: grip` could raise", "`board` or `topk-plain`")


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    uses=("unlabeled images", "support set (ssl, trzsl)"),
    after="prompt-ensemble",
)
@companions(
    ("per_class", "schedule", "fpl", "ifpl"),
    ("rounds", "schedule", "ifpl", "grip"),
    ("pool", "paradigm", "trzsl"),
    ("pull", "learner", "linear"),
    check=_check,
)
def pseudolabels(
    *,
    paradigm: Literal["ul", "ssl", "trzsl"] = "ul",
    schedule: Schedule = "fpl",
    select: Select = "board",
    per_class: Count = FPL_K,
    rounds: Few = ROUNDS,
    pool: Literal["unseen", "mixed"] = "unseen",
    learner: Learner = "linear",
    pull: Positive = 0.01,
    flavour: Literal["correct", "reference"] = "correct",
) -> Rule:
    """Learn a linear classifier from pseudolabelled images.

    Parameters
    ----------
    paradigm : no labels (ul), the task's support images beside pseudolabels of all classes (ssl), or support images of
        seen classes beside pseudolabels of unseen ones (trzsl; the task's `unseen:` says which).
    schedule, select, learner, pull : as above.
    per_class : K of fpl and ifpl.
    rounds : I of ifpl and grip (the code's `STEP_QUANTILE` is 100 / I).
    pool : trzsl only. `unseen`: the unlabeled images are known to be of unseen classes, the only ones in question, as
        in the paper (and as in a task whose support holds all training images of the seen ones: labelled images are
        taken out of the unlabeled); `mixed`: they may be of any class, and labels of seen classes are dropped.
    flavour : `reference` asks the first round's labels with the code's prompts, which put the name behind the
        template instead of into it ("a photo of a {}rose").
    """
    _check_schedule(schedule, select)

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        start = text_weights(before, method="pseudolabels")
        every, scale = np.arange(len(start)), own_scale(encoder, problem)
        support = None if paradigm == "ul" else support_of(encoder, problem, method="pseudolabels")
        labelled = (start[:0], every[:0]) if support is None else (encoder.images(support.items), support.labels)
        images = unlabelled(encoder, problem, () if support is None else support.items)
        target = _unseen_classes(problem) if paradigm == "trzsl" else every
        asked = target if pool == "unseen" else every
        weights = literal_weights(encoder, problem) if flavour == "reference" else start
        history = []
        sizes = {"n_images": len(images.items), "n_classes": len(asked)}
        for k in counts(schedule, per_class=per_class, rounds=rounds, **sizes):
            logits = scale * images.features @ weights[asked].T
            chosen, numbers = pick(select, logits, per_class=k, names=[item.id for item in images.items])
            kept = np.isin(asked[numbers], target)
            pseudo = images.features[chosen[kept]], asked[numbers[kept]]
            weights = learn(learner, labelled, pseudo, start=start, logit_scale=scale, pull=pull)
            history.append({"K": k, "labels": int(kept.sum()), "images": len(np.unique(chosen[kept]))})
        encoder.note("pseudolabels", history)
        # The weights were learned at this scale: it is theirs, not the encoder's.
        return replace(linear(weights, scale), kind=ScoreKind("logits"))

    return build


def literal_weights(encoder: Encoder, problem: Problem) -> FloatArray:
    """Return zero-shot weights from the code's prompts: template and name in a row, braces left in."""
    names = [name.replace("_", " ") for name in problem.class_names]
    texts = encoder.texts([template + name for name in names for template in problem.templates])
    return ensemble(texts.reshape(len(names), len(problem.templates), -1))


def _unseen_classes(problem: Problem) -> IntArray:
    if problem.unseen is None or not problem.unseen.any():
        raise UserError("", "pseudolabels: no unseen classes for trzsl", "`unseen:` in the task's YAML")
    return np.flatnonzero(problem.unseen)
