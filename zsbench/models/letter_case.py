"""Whether an image-text model was trained on lower-case texts that its tokenizer leaves as they are."""

from __future__ import annotations

from typing import Any


def is_lower(kind: str, tokenizer: Any) -> bool:
    """Say whether texts have to be in lower case: those of SigLIP 2, which has Gemma's tokenizer.

    Checkpoints of fixed resolution say `model_type: siglip`, and only their tokenizer tells them from the first SigLIP.

    Parameters
    ----------
    kind : the config's `model_type`.
    """
    if kind not in ("siglip", "siglip2"):
        return False
    named = f"{type(tokenizer).__name__} {tokenizer.init_kwargs.get('tokenizer_class')}".lower()
    return kind == "siglip2" or "gemma" in named or bool(tokenizer.init_kwargs.get("do_lower_case"))
