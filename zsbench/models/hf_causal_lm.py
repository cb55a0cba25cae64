"""Decoder language models through transformers: hub ids and local folders, any architecture.

Weights come from safetensors only; code from the hub runs only when the YAML says `trust_remote_code: true`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zsbench.components import model as declare
from zsbench.config import ModelRef
from zsbench.errors import RunError, UserError
from zsbench.lazy import lazy
from zsbench.models import _attention, _common
from zsbench.models.capabilities import CausalLM
from zsbench.records import Cost

if TYPE_CHECKING:
    import torch

    from zsbench.models.capabilities import FloatArray
else:
    torch = lazy("torch")


@declare(offers=(CausalLM,), files=_common.folder_files)
def hf_causal_lm(*, model: ModelRef, revision: str | None = None, trust_remote_code: bool = False) -> HfCausalLM:
    """Load a decoder.

    Parameters
    ----------
    model : hub id or folder with config.json, safetensors weights and tokenizer files.
    revision : commit or tag on the hub.
    trust_remote_code : run the modelling code that comes with the weights.
    """
    return HfCausalLM(model, revision, trust_remote_code)


class HfCausalLM:
    """A `CausalLM` over `AutoModelForCausalLM`."""

    def __init__(self, reference: str, revision: str | None = None, trust_remote_code: bool = False) -> None:
        self.device, self.dtype = _common.runtime_device(), _common.runtime_dtype()
        self.cost = Cost()
        folder = _common.local_folder(reference)
        if folder is None:
            _common.require_offline_ok(reference)
        self._model, self._tokenizer = _load(
            str(folder or reference), self.dtype, revision=revision, trust_remote_code=trust_remote_code
        )
        self._model.to(self.device).eval()
        takes_keep = "logits_to_keep" in inspect.signature(self._model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if takes_keep else {}
        identity = ["hf-causal-lm", self.dtype, revision or ""]
        self.fingerprint = (
            _common.fingerprint(identity, _common.folder_files({"model": str(folder)}))
            if folder
            else _common.fingerprint_weights([*identity, reference], self._model)
        )

    def chat(self, messages: Sequence[dict[str, str]]) -> str:
        """Return the prompt of a conversation by the tokenizer's own template, special tokens included."""
        if not self._tokenizer.chat_template:
            raise UserError(
                self._tokenizer.name_or_path,
                "the tokenizer has no chat template",
                "a chat model, or a `prompt:` without `system` in the method's options",
            )
        text: str = self._tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
        return text

    def tokenize(self, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their character offsets in `text`."""
        encoded = self._tokenizer(text, add_special_tokens=special, return_offsets_mapping=True)
        return list(encoded["input_ids"]), [tuple(pair) for pair in encoded["offset_mapping"]]

    def next_token_logits(self, ids: Sequence[int]) -> FloatArray:
        """Return the float32 logits (vocabulary,) of the token after `ids`."""
        with torch.inference_mode():
            logits = self._forward(ids, None, **self._last_only).logits[0, -1]
        found: FloatArray = logits.float().cpu().numpy()
        return found

    def attention_mass(self, prefix: Sequence[int], tails: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Return for each tail the mean attention of its tokens, (layers, heads, prefix + tail tokens)."""
        found: list[FloatArray] = []
        with torch.inference_mode():
            cache = None
            for tail in tails:
                cache = self._rewound(cache, prefix)
                with _attention.recording() as layers:
                    cache = self._forward(tail, cache, **self._last_only).past_key_values
                if not layers:
                    raise RunError("", f"{type(self._model).__name__} does not report attention", "another decoder")
                total = len(prefix) + len(tail)
                # Layers with a sliding window keep only the last keys; what they cannot see has no mass.
                padded = [torch.nn.functional.pad(layer, (total - layer.shape[-1], 0)) for layer in layers]
                found.append(torch.stack(padded).cpu().numpy())
        return found

    def _rewound(self, cache: Any, prefix: Sequence[int]) -> Any:
        """Return a cache that holds exactly the prefix, rewinding the used one where it allows that."""
        if cache is not None:
            try:
                cache.crop(len(prefix) - cache.get_seq_length())
                if cache.get_seq_length() == len(prefix):
                    return cache
            except (ValueError, RuntimeError, AttributeError):
                # Sliding windows and recurrent states have forgotten what the prefix needs: encode it again.
                pass
        return self._forward(prefix, None, use_cache=True, **self._last_only).past_key_values

    def _forward(self, ids: Sequence[int], cache: Any, **options: Any) -> Any:
        limit = getattr(self._model.config, "max_position_embeddings", None)
        total = len(ids) + (cache.get_seq_length() if cache is not None else 0)
        if limit is not None and total > limit:
            hint = "lower max_words, the candidate depth, or set a window"
            raise RunError("", f"a prompt of {total} tokens does not fit the model's {limit}", "", hint)
        self.cost.forward_passes += 1
        self.cost.tokens += len(ids)
        tokens = torch.tensor([list(ids)], device=self.device)
        return self._model(tokens, past_key_values=cache, **options)


def _load(reference: str, dtype: str, *, revision: str | None, trust_remote_code: bool) -> tuple[Any, Any]:
    """Return model and tokenizer; whatever the libraries raise becomes one sentence."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    shared = {"revision": revision, "trust_remote_code": trust_remote_code}
    try:
        model, report = transformers.AutoModelForCausalLM.from_pretrained(
            reference,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            attn_implementation=_attention.register(),
            output_loading_info=True,
            **shared,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(reference, **shared)
    except Exception as error:
        # transformers, safetensors, tokenizers and the hub client share no exception type.
        reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise UserError(reference, f"transformers cannot load this checkpoint ({reason})") from error
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise UserError(reference, f"the checkpoint lacks weights ({missing}, ...)", "a complete checkpoint")
    return model, tokenizer
