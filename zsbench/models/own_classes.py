"""Classes that come with a checkpoint (`trust_remote_code: true`) and load their weights themselves.

Such a `from_pretrained` knows none of the options of transformers' own: it returns the network alone, reads whatever
file it likes, in whatever precision, and may leave weights random without a word (NomicBERT's does all of this). It is
given a local folder and the config, which each understands, and what it must not leave out is seen to here; so is a
method that transformers dropped and such classes still call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.models import hub_folders

_FILES = ("*.json", "*.txt", "*.model", "*.py")
_WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True)
class OwnClass:
    """A class of a checkpoint's own, and the config that it is built from."""

    network: Any
    config: Any


def find(auto: str, reference: str, *, revision: str | None, attention: str | None) -> OwnClass | None:
    """Return a checkpoint's own class where it loads itself; None where transformers loads it.

    Parameters
    ----------
    auto : transformers' Auto class.
    reference : hub id or folder, whose code may run.
    attention : attention implementation; None leaves it to the class.
    """
    from transformers import AutoConfig, PreTrainedModel
    from transformers.dynamic_module_utils import get_class_from_dynamic_module

    how = {} if attention is None else {"attn_implementation": attention}
    config = AutoConfig.from_pretrained(reference, revision=revision, trust_remote_code=True, **how)
    named = (getattr(config, "auto_map", None) or {}).get(auto)
    if named is None:
        return None
    network = get_class_from_dynamic_module(named, reference, revision=revision)
    theirs = getattr(network.from_pretrained, "__func__", None) is PreTrainedModel.from_pretrained.__func__
    return None if theirs else OwnClass(network, config)


def load(own: OwnClass, reference: str, *, revision: str | None, dtype: Any, unused: tuple[str, ...]) -> Any:
    """Return a network of a class that loads itself, with all of its weights.

    It is loaded twice, from two seeds: a weight that then differs was drawn at random and not read.

    Parameters
    ----------
    dtype : of torch; None leaves the network as it is.
    unused : beginnings of names of weights that may be random, because what they compute is not used.

    Raises
    ------
    UserError
        Weights are missing, or the files are neither here nor to be had.
    """
    folder = str(hub_folders.folder(reference, revision=revision, patterns=_FILES, weights=_WEIGHTS))
    network, again = _loaded(own, folder, seed=0), _loaded(own, folder, seed=1)
    weights = again.state_dict()
    random = [name for name, weight in network.state_dict().items() if not torch.equal(weight, weights[name])]
    random = sorted(name for name in random if not name.startswith(unused))
    if random:
        found = f"its own class leaves weights random ({', '.join(random[:3])}, ...)"
        raise UserError(reference, found, "a checkpoint that has them")
    return network if dtype is None else network.to(dtype)


def with_dropped_method(network: Any) -> Any:
    """Give networks of a checkpoint's own code the method that makes a bias of a mask, which transformers 5 dropped."""
    from transformers import PreTrainedModel

    for module in network.modules():
        kind = type(module)
        foreign = isinstance(module, PreTrainedModel) and not kind.__module__.startswith("transformers.")
        if foreign and not hasattr(kind, "get_extended_attention_mask"):
            kind.get_extended_attention_mask = _extended_attention_mask
    return network


def _extended_attention_mask(network: Any, mask: Any, *_: Any, dtype: Any = None, **__: Any) -> Any:
    """Return what is added to attention scores (n, 1, 1 or n_tokens, n_tokens) by an encoder's mask of ones and zeros.

    Raises
    ------
    UserError
        The network is a decoder, whose mask would have to hide later tokens, too.
    """
    if getattr(network.config, "is_decoder", False):
        problem = "the checkpoint's code asks this transformers for a decoder's mask, which it no longer makes"
        raise UserError(type(network).__name__, problem, "an earlier transformers")
    dtype = dtype or next(network.parameters()).dtype
    mask = mask[:, None, :, :] if mask.dim() == 3 else mask[:, None, None, :]
    return (1 - mask.to(dtype)) * torch.finfo(dtype).min


def _loaded(own: OwnClass, folder: str, *, seed: int) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        found = own.network.from_pretrained(folder, config=own.config)
    # Some return what transformers does when it is asked for a report, too.
    return found[0] if isinstance(found, tuple) else found
