"""Test-time adaptation (TPT, RLCF): step functions equal the reference's, episodes leave no trace."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.reference._golden import GOLDEN, load_npz, some
from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.data.images.parquet_images import parquet_images
from zsbench.methods.classification import Problem
from zsbench.methods.classification import _adaptation as step
from zsbench.methods.classification._rewards import shares
from zsbench.methods.classification._tuning import SoftPrompt, Steps
from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
from zsbench.methods.classification.rlcf import rlcf
from zsbench.methods.classification.tpt import tpt
from zsbench.models.image_text.open_clip import OpenClip
from zsbench.tasks.encoding import Features

CASES = {path.stem: load_npz("rlcf", path.name) for path in sorted((GOLDEN / "rlcf").glob("*.npz"))}
GLYPHS = str(ASSETS / "models" / "clip-glyphs")


def cases():
    return some([pytest.param(case, id=name) for name, case in CASES.items() if "view_logits" in case], "rlcf")


def close(case, key, found):
    if key in case:
        np.testing.assert_allclose(torch.as_tensor(found).detach().numpy(), case[key], atol=1e-5, rtol=1e-5)


def tensor(array):
    return torch.from_numpy(np.array(array))


def of_case(case):
    """Every step of RLCF on a case: kept views, sampled classes, scores, rewards, logits with a gradient."""
    logits = tensor(case["view_logits"]).requires_grad_()
    kept = step.confident(logits.detach(), float(case["selection_p"]))
    sampled = logits.detach()[kept].topk(int(case["sample_k"])).indices
    images, classes = (F.normalize(tensor(case[f"reward_{key}_features"]), dim=-1) for key in ("image", "class"))
    scores = step.clip_score((images[kept] @ classes.T).gather(1, sampled))
    switches = {key: bool(case[key]) for key in ("amplify", "process_batch") if key in case}
    return logits, kept, sampled, scores, step.advantages(scores, **switches)


@pytest.mark.parametrize("case", cases())
def test_views_samples_and_rewards(case):
    logits, kept, sampled, scores, rewards = of_case(case)
    close(case, "view_entropy", step.entropy(logits))
    close(case, "selected", kept)
    close(case, "sampled_class", sampled)
    close(case, "clip_score", scores.flatten())
    close(case, "rewards", rewards.flatten())


@pytest.mark.parametrize("case", cases())
def test_losses_and_their_gradients(case):
    logits, kept, sampled, _, rewards = of_case(case)
    loss = step.policy_loss(logits[kept], sampled, rewards)
    close(case, "loss", loss)
    close(case, "grad_logits", torch.autograd.grad(loss, logits)[0])
    average = step.mean_entropy(logits[kept])
    close(case, "tpt_avg_entropy", average)
    close(case, "tpt_grad_logits", torch.autograd.grad(average, logits)[0])


@pytest.mark.parametrize("amplify", [False, True])
@pytest.mark.parametrize("process_batch", [False, True])
def test_rewards_by_their_definition_for_both_switches(amplify, process_batch):
    scores = np.random.default_rng(0).random((4, 3))
    want = np.empty_like(scores)
    for b, row in enumerate(scores):
        pool = scores.ravel() if process_batch else row
        want[b] = (row - pool.mean()) / (pool.std(ddof=1) + 1e-5 if amplify else 1)
    found = step.advantages(tensor(scores), amplify=amplify, process_batch=process_batch)
    np.testing.assert_allclose(found, want, atol=1e-12)


def test_at_least_one_view_stays():
    logits = torch.tensor([[0.0, 0.0], [3.0, 0.0], [1.0, 0.0]])
    assert step.confident(logits, 0.1).tolist() == [1]
    assert step.confident(logits, 0.7).tolist() == [1, 2]
    assert step.confident(logits[:1], 0.1).tolist() == [0]


def test_mean_entropy_by_its_definition():
    logits = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mean = logits.softmax(-1).mean(0)
    assert step.mean_entropy(logits).item() == pytest.approx(-(mean * mean.log()).sum().item(), abs=1e-9)
    assert step.mean_entropy(torch.tensor([[0.0, -1e4]])).item() == pytest.approx(0, abs=1e-6)


def test_no_gradient_flows_through_rewards():
    logits, scores = torch.randn(2, 3, requires_grad=True), torch.rand(2, 2, requires_grad=True)
    loss = step.policy_loss(logits, torch.tensor([[0, 1], [2, 0]]), step.advantages(scores))
    assert torch.autograd.grad(loss, [logits, scores], allow_unused=True)[1] is None


def test_the_optimizer_begins_anew_in_every_episode():
    plan, first = Steps(3, 0.1, 0.01), torch.ones(2, requires_grad=True)
    plan.take([first], lambda: (first**2).sum())
    second = torch.ones(2, requires_grad=True)
    plan.take([second], lambda: (second**2).sum())
    assert torch.equal(first, second)


def test_weights_of_several_reward_models():
    assert shares({"a": 10, "b": 3, "c": 5}) == {"a": 0.56, "b": 0.17, "c": 0.28}
    assert shares({"a": 3.0}) == {"a": 1.0}
    with pytest.raises(UserError, match="positive"):
        shares({"a": 1.0, "b": 0.0})


@dataclass
class Setting:
    encoder: Features
    problem: Problem
    run: RunContext

    def scores(self, rule, items):
        class Batch:
            features = self.encoder.images(items)

        Batch.items = items
        return rule(self.encoder, self.problem, None).score(Batch)


@pytest.fixture
def setting(tmp_path):
    images = parquet_images(path=str(ASSETS / "data" / "glyphs" / "test.parquet"))
    names = (ASSETS / "data" / "glyphs" / "classes.txt").read_text().split("\n")
    names = [name.strip() for name in names if name.strip()][:12]
    run = RunContext("auto", Cache(tmp_path / "cache"), 0, Cost())
    model = OpenClip(GLYPHS)
    model.cost = run.cost
    items = [item for item, label in zip(images.items, images.labels, strict=True) if label < 12][:6]
    return Setting(Features(model, run, items), Problem(names, ["a photo of a {}."], 100.0), run)


RULES = {
    "tpt": lambda **how: tpt(views=6, keep=0.5, **how),
    "rlcf": lambda **how: rlcf(views=6, keep=0.5, reward=GLYPHS + "-uniform", **how),
    "rlcf-encoder": lambda **how: rlcf(views=6, keep=0.5, reward=GLYPHS + "-uniform", tune="encoder", **how),
}


@pytest.mark.parametrize("rule", RULES)
def test_no_step_is_plain_zero_shot_and_a_step_is_not(setting, rule):
    plain = setting.scores(prompt_ensemble(), setting.encoder.items)
    np.testing.assert_allclose(setting.scores(RULES[rule](steps=0), setting.encoder.items), plain, atol=1e-4)
    assert np.abs(setting.scores(RULES[rule](), setting.encoder.items) - plain).max() > 1e-2


@pytest.mark.parametrize("rule", RULES)
def test_what_is_tuned_follows_the_models_own_scale_or_the_one_that_the_task_sets(setting, rule):
    """The factor of the scores is a factor of the answers; entropies and rewards are those of the model's logits."""
    items, problem = setting.encoder.items[:2], setting.problem
    answers = {}
    for name, changes in {"100": {}, "50": {"logit_scale": 50.0}, "set": {"probability_scale": 3.0}}.items():
        setting.problem = replace(problem, **changes)
        answers[name] = setting.scores(RULES[rule](), items) / setting.problem.logit_scale
    np.testing.assert_allclose(answers["50"], answers["100"], atol=1e-5)
    assert np.abs(answers["set"] - answers["100"]).max() > 1e-4


@pytest.mark.parametrize("rule", RULES)
def test_an_answer_depends_on_its_image_only_and_the_model_is_as_before(setting, rule):
    items, network = setting.encoder.items[:4], setting.encoder.model.image_network()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    forwards = setting.scores(RULES[rule](), items)
    backwards = setting.scores(RULES[rule](), items[::-1])[::-1]
    np.testing.assert_allclose(forwards, backwards, atol=1e-4)
    np.testing.assert_allclose(setting.scores(RULES[rule](), items[2:3])[0], forwards[2], atol=1e-4)
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


def test_tpt_lowers_the_entropy_that_it_minimises(setting):
    prompt = SoftPrompt(setting.encoder.model, setting.problem.class_names, "a photo of a")
    images = torch.from_numpy(setting.encoder.images(step.augmented(setting.encoder.items[0], 8)))
    tuned = prompt.tuned(images, 100.0, step.mean_entropy, Steps(5, 5e-3, 0.01))
    with torch.no_grad():
        first, last = (step.mean_entropy(100 * images @ prompt.class_features(c).T) for c in (prompt.initial, tuned))
    assert last < first


def test_rlcf_raises_the_probability_of_what_the_reward_prefers(setting):
    """With a reward that always prefers one of the sampled classes, that class gains."""
    logits = torch.tensor([[2.0, 1.5, 0.0, -1.0]], requires_grad=True)
    sampled = logits.detach().topk(3).indices
    gained = step.advantages(torch.tensor([[0.1, 0.9, 0.2]]))
    Steps(3, 0.05, 0.0).take([logits], lambda: step.policy_loss(logits, sampled, gained))
    assert logits[0, 1] > 1.5
    assert logits[0, 0] < 2.0


def test_learned_context_vectors_from_a_file(setting, tmp_path):
    prompt = SoftPrompt(setting.encoder.model, ["circle"], "a photo of a")
    assert prompt.initial.shape[0] == 4
    np.save(tmp_path / "context.npy", prompt.initial.numpy() + 1)
    moved = SoftPrompt(setting.encoder.model, ["circle"], "a photo of a", str(tmp_path / "context.npy"))
    np.testing.assert_allclose(moved.initial, prompt.initial + 1, atol=1e-6)
    np.save(tmp_path / "context.npy", prompt.initial.numpy()[:3])
    with pytest.raises(UserError, match=r"context.npy: vectors of shape \(3, 96\)"):
        SoftPrompt(setting.encoder.model, ["circle"], "a photo of a", str(tmp_path / "context.npy"))


def test_half_precision_is_refused(setting):
    setting.encoder.model.dtype = "float16"
    for rule in RULES.values():
        with pytest.raises(UserError, match="learns in float32"):
            rule()(setting.encoder, setting.problem, None)


def test_costs_and_reward_models_are_recorded(setting):
    setting.scores(rlcf(reward={GLYPHS: 3, GLYPHS + "-uniform": 1}, views=4), setting.encoder.items[:1])
    names = [(name, weight) for name, weight, _ in setting.run.notes["reward models"]]
    assert names == [("clip-glyphs", 0.75), ("clip-glyphs-uniform", 0.25)]
    assert setting.run.cost.forward_passes > 3


def test_a_view_is_decoded_once_and_knows_its_image(setting):
    opened = []
    item = setting.encoder.items[0]

    class Counted:
        id = item.id
        digest = item.digest

        def open(self):
            opened.append(1)
            return item.open()

    found = step.augmented(Counted(), 5)
    assert len({np.asarray(view.open()).tobytes() for view in found}) == 5
    assert len(opened) == 1
    assert len({view.digest() for view in found}) == 5
    assert found[0].digest() == item.digest()
