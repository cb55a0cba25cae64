"""ZPE: weights templates by how sure they are of the unlabeled test images, biases taken off first.

    logits[n,p,c] = s * x_n . t_pc            unit image x, unit text t of template p and class c; s = exp(logit_scale)
    centred       = logits - their mean over images: (pretraining mean + test mean) / 2, or one of the two
    score[n,p]    = max over c of centred[n,p,c],    score[p] = mean over n of score[n,p]
    final[n,c]    = sum over p of softmax_p(score) * logits[n,p,c]

The mean logit of images is the logit of their mean, so two mean vectors are the whole bias, and nothing of size
n_images x n_templates x n_classes is made. The paper's average over templates divides by their number once more;
no ranking depends on it and it is left out. `zsbench.methods.classification._template_weights` has the formulas.
Source: Allingham et al. 2023, arXiv:2302.06235, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import MinLen

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import AnyFloat, AnyTexts, ClassTemplate, LocalPath, PositiveShare
from zsbench.config.paths import resolve_path
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import fill_class
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule, linear
from zsbench.methods.classification._prompt_examples import first_class, templates_of
from zsbench.methods.classification._template_pool import TemplatePool, read_pool
from zsbench.methods.classification._template_scorer import Scorer, make_scorer
from zsbench.methods.classification._template_weights import Normalise, Weights, above_median, template_weights
from zsbench.models.capabilities import ImageTextEncoder


def _check(options: dict[str, Any]) -> None:
    """Refuse what has no effect: equal weights ask no image, some means are not of the test images."""
    _check_selection(options["per"], options["select"])
    if options["weights"] == "equal" and options["select"] is None:
        for option, default in (("normalise", None), ("per", "dataset"), ("frac_test", 1.0)):
            if options[option] != default:
                raise UserError(
                    option, "without effect where `weights: equal` asks no image", "other `weights:`, or `select:`"
                )
    if options["normalise"] in ("pretrain", "pretrain-star", "none") and options["frac_test"] != 1:
        raise UserError("frac_test", f"without effect with `normalise: {options['normalise']}`", "`test` or `both`")
    if options["normalise"] == "pretrain-star" and options["further_classes"] is None:
        raise UserError("normalise", "`pretrain-star` without other classes", "`further_classes:`, maybe []")


def _inductive_uses(options: dict[str, Any]) -> tuple[str, ...] | None:
    """Return what the rule uses where its options look at no other test image: equal weights, or weights of each image
    with biases of other data; else None.
    """
    if options["weights"] == "equal" and options["select"] is None:
        return ()
    if options["per"] == "example" and options["normalise"] in ("pretrain", "pretrain-star", "none"):
        return () if options["normalise"] == "none" else ("unlabeled images",)
    return None


def _check_selection(per: str, select: float | None) -> None:
    if per == "example" and select is not None:
        expected = "`per: dataset`, whose scores templates are selected by"
        raise UserError("select", "`select` with `per: example`", expected)


@method(
    family="classification",
    needs=(ImageTextEncoder,),
    kind="transductive",
    uses=("unlabeled test set",),
    uses_with={"pool": "a pool of templates", "further_classes": "names of further classes"},
    inductive_uses=_inductive_uses,
)
@companions(("further_classes", "normalise", "pretrain-star"), check=_check)
def zpe(
    *,
    normalise: Normalise | None = None,
    weights: Weights = "softmax",
    per: Literal["dataset", "example"] = "dataset",
    select: AnyFloat | None = None,
    frac_test: PositiveShare = 1.0,
    pool: Annotated[list[ClassTemplate], MinLen(1)] | LocalPath | None = None,
    further_classes: AnyTexts | LocalPath | None = None,
) -> Rule:
    """Weigh or select the templates of a pool without labels.

    Parameters
    ----------
    normalise : means taken off before scoring: of the test images, of the task's `unlabeled` images (`pretrain`), of
        `both`, or `none`; `pretrain-star` takes one mean over all classes. Default: `both` where the task has
        unlabeled images, else `test`.
    weights : `softmax` of the scores; raw `scores` (with `normalise: none` the max-logit baseline); `equal`.
    per : one weight a template for the data set, or for each image.
    select : keep templates so many median absolute deviations above the median score (0.5 for ImageNet, 2 for
        fine-grained sets in the paper); all of them, with a warning, if none is.
    frac_test : share of the test images, from the first on, that the test mean is taken over.
    pool : templates, in the YAML or a file; default: the task's. Each distinct one counts once.
    further_classes : classes of the other data sets, for `pretrain-star`.
    """
    _check_selection(per, select)

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        templates = read_pool(problem.templates if pool is None else pool)
        texts = TemplatePool(encoder, templates, problem.class_names)
        fixed = weights == "equal" and select is None
        mode: Normalise = "none" if fixed else normalise or ("both" if problem.unlabeled else "test")
        scorer = make_scorer(encoder, problem, texts, mode, frac_test=frac_test, further_classes=further_classes)
        note: dict[str, Any] = {"normalise": mode, "templates": len(templates), "logit scale": scorer.logit_scale}
        if per == "example" and not fixed:
            encoder.note("zpe", note)
            return _per_image(scorer, weights, problem.logit_scale)
        scores, kept = np.zeros(len(templates)) if fixed else scorer.mean(encoder), np.ones(len(templates), dtype=bool)
        if select is not None:
            chosen = above_median(scores, select)
            kept = chosen if chosen.any() else kept
            note["selected"] = int(chosen.sum()) or f"none lies above {select}: all are used"
            if not chosen.any():
                encoder.warn(f"zpe: no template lies {select:g} deviations above the median, so that all are used")
        factors = template_weights(scores, weights, kept)
        heaviest = np.argsort(-factors, kind="stable")[:3]
        encoder.note("zpe", note | {"heaviest": {templates[i]: round(float(factors[i]), 6) for i in heaviest}})
        return linear(texts.weighted(factors), problem.logit_scale)

    return build


def _per_image(scorer: Scorer, weights: Weights, logit_scale: float) -> Classifier:
    """Return the classifier with own template weights for every image."""

    def score(batch: Batch) -> Any:
        scores = scorer.of(batch.features)
        factors = template_weights(scores, weights, np.ones(scores.shape[1], dtype=bool))
        logits = np.zeros((len(batch.features), len(scorer.texts.class_names)))
        for part, texts in scorer.texts.blocks():
            for column, template in zip(factors[:, part].T, texts, strict=True):
                logits += column[:, None] * (batch.features @ template.T)
        return logit_scale * logits

    return Classifier(score, ScoreKind("logits", logit_scale))


def describe_prompt(options: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return the pool's templates with the first class, for `zsbench show`."""
    pool = options.get("pool")
    if isinstance(pool, str):
        path = resolve_path(pool, Path())
        pool = read_pool(str(path)) if path.exists() else [f"<each template of {pool} with {{}}>"]
    return "\n".join(fill_class(template, first_class(task, {})) for template in pool or templates_of(task))
