"""The loader of checkpoints of the packages gliner and gliner2.

Their own loaders are not enough: both permit a checkpoint's own code; gliner leaves weights random that a checkpoint
lacks, and fetches every file of a hub id; gliner2 fills up a vocabulary that is too small.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import torch
from zsbench.core.offline import is_offline
from zsbench.models import checkpoints, hub_folders, positions, runtime, vocabularies
from zsbench.models.guards import no_remote_code, opening

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Files of weights, of which the first that is there is read."""


def folder(reference: str, *, revision: str | None) -> Path:
    """Return the folder of a model: the local one, or the files of a hub id that the packages read.

    Raises
    ------
    UserError
        There is no such folder, or the files of the hub id are neither here nor to be had.
    """
    return hub_folders.folder(reference, revision=revision, patterns=("*.json", "*.txt", "*.model"), weights=WEIGHTS)


def gliner(path: Path, *, where: str, device: str, dtype: str, max_words: int | None) -> Any:
    """Return a model of the gliner package with all of its weights.

    Parameters
    ----------
    path : folder with gliner_config.json, weights (safetensors, or a pickle of weights alone) and tokenizer files; what
        it lacks of tokenizer and backbone's config, gliner fetches from the hub.
    where : what the user called the model, for messages.
    max_words : words of a sentence, in place of the checkpoint's own limit.

    Raises
    ------
    UserError
        The package is not here, the checkpoint cannot be loaded, or weights are missing.
    """
    library = _package("gliner", where)
    _require_parts(path, where)
    with no_remote_code(whoever_permits=True), opening(str(path), "gliner", called=where), _borrowed_tokenizer(path):
        model = library.GLiNER.from_pretrained(
            str(path), map_location=device, dtype=dtype, max_length=max_words, local_files_only=is_offline()
        )
    vocabularies.require(model.data_processor.transformer_tokenizer, where)
    _require_weights(model.model, path, where)
    return model.eval()


@contextmanager
def _borrowed_tokenizer(path: Path) -> Iterator[None]:
    """Say of what fails with another folder's tokenizer that this one has none: gliner's advice is about its config."""
    try:
        yield
    except ValueError as error:
        if "tokenizer" not in str(error) or (path / "tokenizer_config.json").is_file():
            raise
        name = jsonfiles.read(path / "gliner_config.json").get("model_name")
        found = f"no tokenizer files, and the tokenizer of '{name}', which its config names, does not fit the weights"
        raise UserError(shown(path), found, "tokenizer_config.json and tokenizer.json beside the weights") from None


def gliner2(path: Path, *, where: str, device: str, dtype: str) -> Any:
    """Return a model of the gliner2 package with all of its weights, whatever its architecture.

    Parameters
    ----------
    path : folder with config.json, encoder_config/config.json, weights as for `gliner`, and tokenizer files.
    where : what the user called the model, for messages.

    Raises
    ------
    UserError
        The package is not here, the checkpoint cannot be loaded, or weights are missing.
    """
    library = _package("gliner2", where)
    with no_remote_code(whoever_permits=True), opening(str(path), "gliner2", called=where):
        model = library.AutoExtractor.from_pretrained(str(path), map_location=device)
    _require_weights(model, path, where)
    return model.to(getattr(torch, dtype)).eval()


def room(encoder: Any) -> int | None:
    """Return how many sub-tokens an encoder has absolute positions for, or None where its positions are relative.

    A config's `max_position_embeddings` does not tell them apart: DeBERTa has one and reads longer sequences.
    """
    tables = [module for name, module in encoder.named_modules() if name.rpartition(".")[2] == "position_embeddings"]
    sizes = [int(table.num_embeddings) - positions.first(encoder) for table in tables if hasattr(table, "weight")]
    return min(sizes, default=None)


def _require_parts(path: Path, where: str) -> None:
    """Refuse, while no hub may be asked, a folder that takes its tokenizer or the shape of its backbone from one."""
    config = jsonfiles.read(path / "gliner_config.json")
    if not isinstance(config, dict):
        raise UserError(where, "gliner_config.json holds no object")
    parts = {
        "model_name": config.get("encoder_config") is None or not (path / "tokenizer_config.json").is_file(),
        "labels_encoder": config.get("labels_encoder_config") is None
        or not (path / "labels_tokenizer" / "tokenizer_config.json").is_file(),
    }
    for key, wanted in parts.items():
        name = config.get(key)
        if not wanted or not isinstance(name, str):
            continue
        try:
            runtime.source(name)
        except UserError:
            found = f"its tokenizer or the config of its backbone is that of '{name}', which is not on this machine"
            raise UserError(where, found, "both beside the weights, or run without --offline") from None


def _package(name: str, where: str) -> Any:
    """Return a package of the extra `ner`."""
    import importlib

    try:
        library = importlib.import_module(name)
    except ImportError as error:
        found = f"needs the package {name} ({error})" if error.name != name else f"needs the package {name}"
        raise UserError(where, found, "", "pip install 'zsbench[ner]'") from None
    checkpoints.silenced()
    return library


def _require_weights(network: Any, path: Path, where: str) -> None:
    """Refuse a network of which the folder's file of weights lacks any: the library leaves them random."""
    with opening(str(path), "torch", called=where):
        given = _shapes_of_weights(path)
    state = network.state_dict(keep_vars=True)
    places = {state[name].data_ptr() for name in given.keys() & state.keys()}
    # What shares its memory with a weight that was read is tied to it.
    missing = sorted(name for name in state.keys() - given.keys() if state[name].data_ptr() not in places)
    # gliner2 fills up a vocabulary that is smaller than the tokenizer's.
    missing += [
        name for name, shape in given.items() if name in state and shape not in (None, tuple(state[name].shape))
    ]
    if missing:
        raise UserError(where, f"the checkpoint lacks weights ({', '.join(missing[:3])}, ...)", "a complete one")


def _shapes_of_weights(path: Path) -> dict[str, tuple[int, ...] | None]:
    """Return the names in a folder's file of weights with their shapes; None for one that is tied to another."""
    safe, pickled = (path / name for name in WEIGHTS)
    if not safe.is_file():
        weights = torch.load(pickled, map_location="meta", weights_only=True)
        return {name: tuple(tensor.shape) for name, tensor in weights.items()}
    from safetensors import safe_open

    with safe_open(safe, framework="pt") as file:
        # Tensors that are tied are written once; the metadata tell under which other names they are wanted.
        tied = dict.fromkeys(file.metadata() or {})
        names = list(file.keys())
        return {**tied, **{name: tuple(file.get_slice(name).get_shape()) for name in names}}
