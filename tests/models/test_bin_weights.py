"""Repositories without safetensors: `pytorch_model.bin`, whole or in parts, is read as weights alone."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.models.test_pretrained import BUILDERS, Runs, load
from zsbench.core.errors import UserError

OF_TRANSFORMERS = [name for name in BUILDERS if not name.startswith("open-clip")]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {name: BUILDERS[name](root / name) for name in OF_TRANSFORMERS}


def pickled(source, folder, parts=1):
    """Copy a folder with its weights in `parts` torch files instead of safetensors."""
    folder = Path(shutil.copytree(source, folder))
    [safe] = folder.glob("*.safetensors")
    weights = load_file(safe)
    safe.unlink()
    if parts == 1:
        torch.save(weights, folder / "pytorch_model.bin")
        return folder
    names = {name: f"pytorch_model-{1 + i % parts:05d}-of-{parts:05d}.bin" for i, name in enumerate(sorted(weights))}
    for file in set(names.values()):
        torch.save({name: weights[name] for name, own in names.items() if own == file}, folder / file)
    index = {"metadata": {"total_size": 0}, "weight_map": names}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    return folder


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("adapter", OF_TRANSFORMERS)
def test_a_torch_file_gives_the_weights_that_safetensors_gives(adapter, parts, folders, tmp_path):
    expected = load(adapter, folders[adapter]).module.state_dict()
    found = load(adapter, pickled(folders[adapter], tmp_path / "m", parts)).module.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("adapter", OF_TRANSFORMERS)
def test_code_in_a_torch_file_never_runs(adapter, folders, tmp_path):
    folder, marker = pickled(folders[adapter], tmp_path / "m"), tmp_path / "ran"
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Runs(marker)))
    with pytest.raises(UserError, match="not a file of weights alone"):
        load(adapter, folder)
    assert not marker.exists()


def test_safetensors_stand_above_a_torch_file(folders, tmp_path):
    folder, marker = Path(shutil.copytree(folders["bi-encoder"], tmp_path / "m")), tmp_path / "ran"
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Runs(marker)))
    load("bi-encoder", folder)
    assert not marker.exists()


def test_a_torch_file_that_lacks_weights_or_was_cut_off_is_refused(folders, tmp_path):
    folder = pickled(folders["bi-encoder"], tmp_path / "m")
    weights = torch.load(folder / "pytorch_model.bin", weights_only=True)
    del weights["encoder.layer.0.attention.self.query.weight"]
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"lacks weights \(encoder"):
        load("bi-encoder", folder)
    whole = (folder / "pytorch_model.bin").read_bytes()
    (folder / "pytorch_model.bin").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="ends too early"):
        load("bi-encoder", folder)


def test_a_hub_id_without_safetensors_is_read_and_no_robot_is_asked_for_them(folders, tmp_path, monkeypatch):
    """The hub's cache holds a torch file; a conversion would write to somebody's repository."""
    from huggingface_hub import constants
    from transformers import modeling_utils
    from transformers.utils import hub

    cache, commit = tmp_path / "hub" / "models--org--name", "0" * 40
    pickled(folders["bi-encoder"], cache / "snapshots" / commit)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "TRANSFORMERS_CACHE", str(tmp_path / "hub"), raising=False)  # transformers 4's own copy
    asked = []
    monkeypatch.setattr(modeling_utils, "auto_conversion", lambda *_, **__: asked.append(1) or (None, None, False))
    monkeypatch.setattr(modeling_utils, "is_offline_mode", lambda: False)
    monkeypatch.setattr(modeling_utils, "has_file", lambda *_, **__: False)
    found = load("bi-encoder", "org/name")
    assert found.module.state_dict().keys() == load("bi-encoder", folders["bi-encoder"]).module.state_dict().keys()
    assert asked == []
