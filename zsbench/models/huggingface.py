"""Loading checkpoints of transformers: hub ids and folders, quantised or not, every failure one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

from zsbench.config.components import Strict
from zsbench.config.options import NonNegative
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import torch
from zsbench.core.records import Cost
from zsbench.models import checkpoints, runtime


class Quantization(Strict):
    """Weights in fewer bits, quantised by bitsandbytes while loading."""

    load_in_8bit: bool = False
    load_in_4bit: bool = False
    bnb_4bit_quant_type: Literal["nf4", "fp4"] = "nf4"
    bnb_4bit_use_double_quant: bool = False
    bnb_4bit_compute_dtype: Literal["float32", "float16", "bfloat16"] | None = None
    """None computes in the run's own precision."""
    llm_int8_threshold: NonNegative = 6.0


def check_quantization(options: dict[str, Any]) -> None:
    """Refuse no or two widths, and keys of the width that is not asked for.

    Raises
    ------
    UserError
        At `quantization`, of an adapter's options.
    """
    written: dict[str, Any] | None = options["quantization"]
    if written is None:
        return
    eight, four = (bool(written.get(key)) for key in ("load_in_8bit", "load_in_4bit"))
    if eight == four:
        raise UserError("quantization", "not exactly one of 8 and 4 bits", "load_in_8bit: true or load_in_4bit: true")
    other = [key for key in written if key.startswith("bnb_4bit" if eight else "llm_int8")]
    if other:
        raise UserError("quantization", f"`{other[0]}` without effect at {8 if eight else 4} bits")


@dataclass(frozen=True)
class Checkpoint:
    """A model in evaluation mode on its device, its tokenizer, and its identity."""

    model: Any
    tokenizer: Any
    fingerprint: str
    device: str
    dtype: str


def load(
    auto: str,
    reference: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    quantization: Quantization | None = None,
    attention: str | None = None,
    options: tuple[str, ...] = (),
    unused: tuple[str, ...] = (),
) -> Checkpoint:
    """Load weights (safetensors only) and tokenizer.

    Parameters
    ----------
    auto : transformers' Auto class.
    reference : hub id or folder.
    attention : attention implementation; None leaves it to transformers.
    options : whatever else changes what the adapter computes; part of the fingerprint.
    unused : beginnings of names of weights that may be missing, because what they compute is not used.

    Raises
    ------
    UserError
        No such folder, not on this machine while offline, not loadable, or weights missing.
    """
    device, dtype = runtime.runtime_device(), runtime.runtime_dtype()
    folder = runtime.local_folder(reference)
    if folder is None:
        runtime.require_offline_ok(reference)
    how: dict[str, Any] = {"dtype": getattr(torch, dtype)}
    if quantization is not None:
        how |= {"quantization_config": _bitsandbytes(quantization, dtype), "device_map": {"": device}}
    source = str(folder or reference)
    model = checkpoints.network(
        auto,
        source,
        revision=revision,
        trust_remote_code=trust_remote_code,
        attention=attention,
        how=how,
        unused=unused,
    )
    tokenizer = checkpoints.reader("AutoTokenizer", source, revision=revision, trust_remote_code=trust_remote_code)
    if quantization is None:
        model.to(device)
    bits = quantization.model_dump_json() if quantization is not None else ""
    identity = [auto, dtype, revision or "", bits, *options]
    fingerprint = (
        runtime.fingerprint(identity, runtime.folder_files({"model": str(folder)}))
        if folder
        else runtime.fingerprint_weights([*identity, reference], model)
    )
    return Checkpoint(model.eval(), tokenizer, fingerprint, device, dtype)


def _bitsandbytes(quantization: Quantization, dtype: str) -> Any:
    """Return transformers' quantisation config.

    Raises
    ------
    UserError
        Not exactly one of 8 and 4 bits is asked for, or a library is missing.
    """
    if quantization.load_in_8bit == quantization.load_in_4bit:
        raise UserError("quantization", "not exactly one of 8 and 4 bits", "load_in_8bit: true or load_in_4bit: true")
    lacking = [name for name in ("bitsandbytes", "accelerate") if find_spec(name) is None]
    if lacking:
        raise UserError(
            "quantization", f"{' and '.join(lacking)} not installed", "", f"pip install {' '.join(lacking)}"
        )
    import transformers

    chosen = {"bnb_4bit_compute_dtype": quantization.bnb_4bit_compute_dtype or dtype}
    return transformers.BitsAndBytesConfig(**{**quantization.model_dump(), **chosen})


def overflows(n: int, limit: int | None, *, overflow: str, cost: Cost) -> bool:
    """Return whether what a model has to read, `n` tokens, is more than `limit`, and count that.

    Raises
    ------
    RunError
        It is more, and `overflow` is "error".
    """
    if limit is None or n <= limit:
        return False
    if overflow == "error":
        raise too_long(n, limit, "`on_overflow: truncate` in the model's YAML cuts it, and counts that")
    cost.truncated_items += 1
    return True


def too_long(n: int, limit: int, hint: str = "") -> RunError:
    """Return the error for a prompt that the model cannot read whole."""
    expected = "less of each text in a prompt, or fewer of them"
    return RunError("", f"a prompt of {n} tokens does not fit the model's {limit}", expected, hint)
