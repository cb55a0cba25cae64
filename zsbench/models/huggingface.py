"""What adapters over transformers share: loading a checkpoint, and the attributes that every adapter has.

checkpoint = huggingface.load("AutoModel", model, revision=revision)
class BiEncoder(huggingface.Adapter): ...       adds the methods of a capability
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zsbench.core.lazy import torch
from zsbench.core.records import Cost
from zsbench.models import checkpoints, quantization, runtime
from zsbench.models.quantization import Quantization


@dataclass(frozen=True)
class Checkpoint:
    """A loaded network and what belongs to it.

    Attributes
    ----------
    model : the network, in evaluation mode on its device.
    tokenizer, image_processor : what prepares its inputs; None where the adapter did not ask for it.
    fingerprint : digest of its files (or weights), precision and options.
    device, dtype : where it is, and the precision of its weights.
    """

    model: Any
    tokenizer: Any = None
    fingerprint: str = ""
    device: str = "cpu"
    dtype: str = "float32"
    image_processor: Any = None


class Adapter(runtime.Network):
    """An adapter over a checkpoint of transformers, with everything that `capabilities.Model` asks for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._model, self._tokenizer = checkpoint.model, checkpoint.tokenizer
        self._image_processor = checkpoint.image_processor
        self.device, self.dtype, self.fingerprint = checkpoint.device, checkpoint.dtype, checkpoint.fingerprint
        self.cost = Cost()


def load(
    auto: str,
    reference: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    quantised: Quantization | None = None,
    attention: str | None = None,
    options: tuple[str, ...] = (),
    unused: tuple[str, ...] = (),
    tokenizer: bool = True,
    image_processor: bool = False,
) -> Checkpoint:
    """Load weights and what prepares their inputs, in the run's precision and on its device.

    Parameters
    ----------
    auto : transformers' Auto class.
    reference : hub id or folder.
    attention : attention implementation; None leaves it to transformers.
    options : whatever else changes what the adapter computes; part of the fingerprint.
    unused : beginnings of names of weights that may be missing, because what they compute is not used.
    tokenizer, image_processor : which of the two the adapter needs.

    Raises
    ------
    UserError
        No such folder, not on this machine while offline, not loadable, or weights missing.
    """
    device, dtype = runtime.runtime_device(), runtime.runtime_dtype()
    source = runtime.source(reference)
    how: dict[str, Any] = {"dtype": getattr(torch, dtype)}
    if quantised is not None:
        how |= quantization.loading_options(quantised, device, dtype)
    trusted: dict[str, Any] = {"revision": revision, "trust_remote_code": trust_remote_code}
    model = checkpoints.network(auto, source, attention=attention, how=how, unused=unused, **trusted)
    words = checkpoints.reader("AutoTokenizer", source, **trusted) if tokenizer else None
    pixels = checkpoints.reader("AutoImageProcessor", source, **trusted) if image_processor else None
    # bitsandbytes has put the weights where they belong, and they cannot be moved.
    model = model if quantised is not None else model.to(device)
    bits = quantised.model_dump_json() if quantised is not None else ""
    fingerprint = runtime.fingerprint_model([auto, dtype, revision or "", bits, *options], reference, model)
    return Checkpoint(model.eval(), words, fingerprint, device, dtype, pixels)
