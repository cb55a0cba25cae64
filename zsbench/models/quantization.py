"""Weights in 8 or 4 bits through bitsandbytes: what a YAML may say of it, and what transformers is told."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Literal

from zsbench.config.components import Strict
from zsbench.config.options import NonNegative
from zsbench.core.errors import UserError


class Quantization(Strict):
    """Weights in fewer bits, quantised by bitsandbytes while loading."""

    load_in_8bit: bool = False
    load_in_4bit: bool = False
    bnb_4bit_quant_type: Literal["nf4", "fp4"] = "nf4"
    bnb_4bit_use_double_quant: bool = False
    bnb_4bit_compute_dtype: Literal["float32", "float16", "bfloat16"] | None = None
    """None computes in the run's own precision."""
    llm_int8_threshold: NonNegative = 6.0


def check(options: dict[str, Any]) -> None:
    """Refuse no or two widths, and keys of the width that is not asked for.

    Raises
    ------
    UserError
        At `quantization`, of an adapter's options.
    """
    written: dict[str, Any] | None = options["quantization"]
    if written is None:
        return
    _require_one_width(eight := bool(written.get("load_in_8bit")), bool(written.get("load_in_4bit")))
    other = [key for key in written if key.startswith("bnb_4bit" if eight else "llm_int8")]
    if other:
        raise UserError("quantization", f"`{other[0]}` without effect at {8 if eight else 4} bits")


def loading_options(quantization: Quantization, device: str, dtype: str) -> dict[str, Any]:
    """Return what `from_pretrained` has to be told, to load quantised weights onto a device.

    Raises
    ------
    UserError
        Not exactly one of 8 and 4 bits is asked for, or a library is missing.
    """
    _require_one_width(quantization.load_in_8bit, quantization.load_in_4bit)
    lacking = [name for name in ("bitsandbytes", "accelerate") if find_spec(name) is None]
    if lacking:
        raise UserError(
            "quantization", f"{' and '.join(lacking)} not installed", "", f"pip install {' '.join(lacking)}"
        )
    import transformers

    options = quantization.model_dump() | {
        "bnb_4bit_compute_dtype": quantization.bnb_4bit_compute_dtype or dtype,
    }
    return {"quantization_config": transformers.BitsAndBytesConfig(**options), "device_map": {"": device}}


def _require_one_width(eight: bool, four: bool) -> None:
    if eight == four:
        raise UserError("quantization", "not exactly one of 8 and 4 bits", "load_in_8bit: true or load_in_4bit: true")
