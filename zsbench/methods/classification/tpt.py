"""Test-time prompt tuning: for each image, one step on a soft prompt towards agreement of its confident views.

    views   the image and random crops of it; the `keep` part of lowest entropy stays           (B, C) logits, at the
            model's own scale or the task's `logit_scale`
    loss    entropy of the mean of their softmax
    answer  the image itself with the tuned prompt; prompt and optimizer begin anew for the next one

Source: Shu et al. 2022, arXiv:2209.07511, section 3.
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Le

from zsbench.config.components import method
from zsbench.config.options import Few, LocalPath, NonNegative, PositiveShare, Text
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule, _tuning
from zsbench.methods.classification import _adaptation as step
from zsbench.methods.classification._support import own_scale
from zsbench.models.capabilities import PromptTuner


@method(family="classification", needs=(PromptTuner,), uses_with={"vectors": "trained context vectors"})
def tpt(
    *,
    views: Few = 64,
    keep: PositiveShare = 0.1,
    steps: Annotated[int, Ge(0), Le(10_000)] = 1,
    rate: NonNegative = 5e-3,
    weight_decay: NonNegative = 0.01,
    context: Text = "a photo of a",
    vectors: LocalPath | None = None,
) -> Rule:
    """Tune the prompt on every image.

    Parameters
    ----------
    views : the image and its random crops together.
    keep : part of the views that stays, at least one.
    steps, rate, weight_decay : of AdamW.
    context : words before the class name that are tuned; the task's templates are not used.
    vectors : file of learned context vectors (n_words, width) to begin from instead.
    """

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        step.require_float32(encoder.model, "tpt")
        prompt = _tuning.SoftPrompt(encoder.model, problem.class_names, context, vectors)
        scale, plan = own_scale(encoder, problem), _tuning.Steps(steps, rate, weight_decay)
        with torch.no_grad():
            classes = prompt.class_features(prompt.initial)

        def answer(item: Any) -> FloatArray:
            images = torch.from_numpy(encoder.images(step.augmented(item, views))).to(encoder.model.device)
            kept = step.confident(scale * images @ classes.T, keep)
            tuned = prompt.tuned(images[kept], scale, step.mean_entropy, plan)
            with torch.no_grad():
                scores: FloatArray = (problem.logit_scale * images[0] @ prompt.class_features(tuned).T).cpu().numpy()
            return scores

        def score(batch: Batch) -> FloatArray:
            return np.stack([answer(item) for item in batch.items])

        return Classifier(score, ScoreKind("logits", problem.logit_scale))

    return build


def describe_prompt(options: dict[str, Any], task: dict[str, Any]) -> str:
    """Return the prompt of the first class before it is tuned, for `zsbench show`."""
    names = task.get("classes")
    name = names[0] if isinstance(names, list) else "<class>"
    return f"{options.get('context', 'a photo of a')} {name}."
