"""Reinforcement learning with CLIP feedback: for each image, steps that raise what a reward model finds fitting.

    views    the image and random crops of it; the `keep` part of lowest entropy stays     B views
    sampled  the K classes of highest logit of each view
    score    sum_m weight_m max(0, 2.5 cos( reward model m: text(class), image(view) ))     (B, K)
    reward   score - mean over the K samples of a view
    loss     mean over B, K of reward * cross-entropy( logits of the view, sampled class ) + w * entropy of the mean
    answer   the image itself with the tuned prompt (or image network); everything begins anew for the next image

Source: Zhao et al. 2024, arXiv:2305.18010, sections 3 and 4.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen

from zsbench.config.components import method
from zsbench.config.options import Few, LocalPath, ModelRef, NonNegative, Positive, PositiveShare, Text
from zsbench.core.lazy import FloatArray, np, torch
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Batch, Classifier, Encoder, Problem, Rule, _tuning, normalise
from zsbench.methods.classification import _adaptation as step
from zsbench.methods.classification._rewards import Rewards
from zsbench.methods.classification._support import own_scale
from zsbench.methods.classification.tpt import describe_prompt
from zsbench.models import references
from zsbench.models.capabilities import PromptTuner

__all__ = ["describe_prompt", "rlcf"]

# AdamW's learning rate where none is given.
_RATE = {"prompt": 7e-3, "encoder": 1e-5}


def _files(options: dict[str, Any]) -> list[str]:
    reward, vectors = options.get("reward", []), options.get("vectors")
    return [
        *references.files([reward] if isinstance(reward, str) else reward, "reward"),
        *([vectors] if vectors else []),
    ]


@method(
    family="classification",
    needs=(PromptTuner,),
    uses=("another CLIP as reward",),
    uses_with={"vectors": "trained context vectors"},
    files=_files,
)
def rlcf(
    *,
    reward: ModelRef | Annotated[dict[Text, Positive], MinLen(1)],
    tune: Literal["prompt", "encoder"] = "prompt",
    views: Few = 64,
    keep: PositiveShare = 0.1,
    sample: Few = 3,
    steps: Annotated[int, Ge(0), Le(10_000)] = 3,
    rate: NonNegative | None = None,
    weight_decay: NonNegative = 5e-4,
    amplify: bool = False,
    process_batch: bool = False,
    entropy_weight: NonNegative = 0.0,
    context: Text = "a photo of a",
    vectors: LocalPath | None = None,
) -> Rule:
    """Tune the prompt, or the image network, on every image.

    Parameters
    ----------
    reward : frozen model that gives the reward (a model config's name, `ADAPTER:MODEL`, or a folder), or several
        with their weights, which are divided by their sum and rounded to two places.
    tune : what is learned.
    views : the image and its random crops together.
    keep : part of the views that stays, at least one.
    sample : classes sampled a view.
    steps, rate, weight_decay : of AdamW; the rate is 7e-3 for the prompt and 1e-5 for the network unless given.
    amplify, process_batch : divide rewards by their deviation; take mean and deviation over all views.
    entropy_weight : weight of TPT's loss beside the reward's.
    context : words before the class name; the task's templates are not used.
    vectors : file of learned context vectors (n_words, width) to begin from instead.
    """

    def build(encoder: Encoder, problem: Problem, _before: Classifier | None) -> Classifier:
        model, scale = encoder.model, own_scale(encoder, problem)
        step.require_float32(model, "rlcf")
        rewards = Rewards(reward, [f"{context} {name}." for name in problem.class_names], encoder)
        prompt = _tuning.SoftPrompt(model, problem.class_names, context, vectors)
        plan = _tuning.Steps(steps, rate if rate is not None else _RATE[tune], weight_decay)
        with torch.no_grad():
            classes = prompt.class_features(prompt.initial)

        def loss(logits: torch.Tensor, judged: list[torch.Tensor]) -> torch.Tensor:
            sampled = logits.detach().topk(min(sample, logits.shape[1])).indices
            scores = rewards.scores(judged, sampled)
            gained = step.advantages(scores, amplify=amplify, process_batch=process_batch)
            policy = step.policy_loss(logits, sampled, gained)
            return policy + entropy_weight * step.mean_entropy(logits) if entropy_weight else policy

        def answer(item: Any) -> FloatArray:
            items = step.augmented(item, views)
            images = torch.from_numpy(encoder.images(items)).to(model.device)
            kept = step.confident(scale * images @ classes.T, keep)
            chosen = [items[i] for i in kept.tolist()]
            of_views = partial(loss, judged=rewards.images(chosen))
            if tune == "prompt":
                tuned, image = prompt.tuned(images[kept], scale, of_views, plan), images[0]
                with torch.no_grad():
                    return _scores(problem.logit_scale * image @ prompt.class_features(tuned).T)
            prepared = [model.prepare(view.open()) for view in chosen]
            with _tuning.tuned_network(model, prepared, classes, scale, of_views, plan):
                image = torch.from_numpy(normalise(model.encode_images([model.prepare(items[0].open())])))[0]
                return _scores(problem.logit_scale * image.to(classes.device) @ classes.T)

        def score(batch: Batch) -> FloatArray:
            return np.stack([answer(item) for item in batch.items])

        return Classifier(score, ScoreKind("logits", problem.logit_scale))

    return build


def _scores(logits: torch.Tensor) -> FloatArray:
    scores: FloatArray = logits.cpu().numpy()
    return scores
