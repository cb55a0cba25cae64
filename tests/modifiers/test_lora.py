"""Low-rank deltas: the merged weight, gates and pruning, the model's identity, and what is refused."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.close import assert_rows_close
from tests.test_cli import zsbench
from zsbench.core.errors import UserError
from zsbench.core.yamlio import Document
from zsbench.modifiers.lora import lora, low_rank_delta
from zsbench.plan import references
from zsbench.plan.choices import Choices


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(7, 9), torch.nn.ReLU(), torch.nn.Linear(9, 3))


def parts(r=4, gated=False):
    generator = torch.Generator().manual_seed(1)
    found = {"0.lora_A": torch.randn(r, 7, generator=generator), "0.lora_B": torch.randn(9, r, generator=generator)}
    return found | ({"0.gate": torch.tensor([[1.5, 0, -2, 0.5]])} if gated else {})


@pytest.mark.parametrize("gated", [False, True])
def test_the_delta_is_added_to_the_weight(tmp_path, gated):
    held = parts(gated=gated)
    save_file(held, tmp_path / "d.safetensors")
    net, before = network(), network()[0].weight.detach().numpy()
    facts = lora(path=str(tmp_path / "d.safetensors"), alpha=8)(net)
    a, b = (held[f"0.lora_{side}"].numpy() for side in "AB")
    gate = held["0.gate"].numpy().ravel() if gated else np.ones(4)
    assert_rows_close(net[0].weight.detach().numpy(), before + 8 / 4 * (b * gate) @ a)
    assert facts == {"modules": 1, "ranks": [3 if gated else 4], "alpha": 8}


def test_pruning_keeps_the_update_when_the_scaling_stays():
    held = parts(gated=True)
    a, b, gate = held["0.lora_A"], held["0.lora_B"], held["0.gate"].ravel()
    keep = gate != 0
    whole = low_rank_delta(a, b, gate, alpha=16)
    torch.testing.assert_close(low_rank_delta(a[keep], b[:, keep] * gate[keep], alpha=16, rank=4), whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"1.lora_A": torch.ones(4, 7)}, "module '1' has only lora_A"),
        ({"0.lora_B": torch.ones(9, 3)}, "ranks 3, 4"),
        ({"0.lora_A": torch.ones(4, 8)}, r"delta of shape \(9, 8\).*\(9, 7\)"),
        ({"0.lora_A": torch.full((4, 7), torch.nan)}, "NaN"),
        ({"0.lora_C": torch.ones(1)}, "key '0.lora_C'"),
        ({"5.lora_A": torch.ones(1, 7), "5.lora_B": torch.ones(9, 1)}, "no module '5'"),
    ],
)
def test_bad_files_are_named(tmp_path, change, message):
    save_file(parts() | change, tmp_path / "d.safetensors")
    with pytest.raises(UserError, match=message):
        lora(path=str(tmp_path / "d.safetensors"), alpha=8)(network())


def test_prefixes_of_peft_and_opendelta_are_understood(tmp_path):
    plain, held = network(), parts()
    save_file(held, tmp_path / "a.safetensors")
    lora(path=str(tmp_path / "a.safetensors"), alpha=8)(plain)
    for before, after in (("base_model.model.0.", ".default.weight"), ("0.lora.", "")):
        keys = {f"{before}{key.removeprefix('0.')}{after}": tensor for key, tensor in held.items()}
        save_file(keys, tmp_path / "b.safetensors")
        other = network()
        lora(path=str(tmp_path / "b.safetensors"), alpha=8)(other)
        torch.testing.assert_close(other[0].weight, plain[0].weight)


def test_a_modified_model_is_another_model(tmp_path):
    config = {"adapter": "open-clip", "model": "asset:models/clip-glyphs"}
    (tmp_path / "plain.yaml").write_text(json.dumps({**config, "description": "plain"}))
    block = references.model(str(tmp_path / "plain.yaml"), Document(tmp_path / "x", {}), "", Choices())[1]
    adapter = block.build()
    name, weight = next(
        (n, m.weight) for n, m in adapter.module.named_modules() if isinstance(m, torch.nn.Linear) and "resblocks" in n
    )
    shape = weight.shape
    save_file(
        {f"{name}.lora_A": torch.ones(1, shape[1]), f"{name}.lora_B": torch.ones(shape[0], 1)},
        tmp_path / "d.safetensors",
    )
    changed = {**config, "description": "changed", "modify": [{"name": "lora", "path": "d.safetensors", "alpha": 1}]}
    (tmp_path / "changed.yaml").write_text(json.dumps(changed))
    done = zsbench(
        "eval", "digits", "--model", "plain.yaml", "--model", "changed.yaml", "--limit", "40", "--json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    one, two = json.loads(done.stdout)["suites"][0]["results"]
    assert one["model_fingerprint"] != two["model_fingerprint"]
    assert two["cost"]["images_cached"] == 0
    assert two["config"]["model"]["modify"] == [{"name": "lora", "path": "d.safetensors", "alpha": 1}]
    assert two["notes"]["model"]["lora"]["ranks"] == [1]
    changed["modify"][0]["alpah"] = 1
    (tmp_path / "changed.yaml").write_text(json.dumps(changed))
    done = zsbench("validate", "changed.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'alpha'" in done.stderr
