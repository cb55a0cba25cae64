"""The one loader of pretrained folders and hub ids, for transformers and open_clip alike.

`gliner_checkpoints` loads those of the packages gliner and gliner2.

A checkpoint's own code runs only when the user's YAML says `trust_remote_code: true`; see `guards`.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.errors import UserError
from zsbench.models import own_classes, vocabularies
from zsbench.models.guards import no_conversion, no_remote_code, opening


def network(
    auto: str,
    reference: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    attention: str | None = None,
    how: dict[str, Any] | None = None,
    unused: tuple[str, ...] = (),
) -> Any:
    """Return a model of transformers with all of its weights: safetensors, or else a pickle of weights alone.

    Parameters
    ----------
    auto : transformers' Auto class.
    reference : hub id or folder.
    attention : attention implementation; None leaves it to transformers, whatever the checkpoint's config names.
    how : further options of `from_pretrained`, such as its dtype.
    unused : beginnings of names of weights that may be missing, because what they compute is not used.

    Raises
    ------
    UserError
        The checkpoint cannot be loaded, or weights are missing.
    """
    how = how or {}
    with no_remote_code(), no_conversion(), opening(reference):
        if trust_remote_code:
            own = own_classes.find(auto, reference, revision=revision, attention=attention)
            if own is not None:
                _require_no_quantization(how, reference)
                loaded = own_classes.load(own, reference, revision=revision, dtype=how.get("dtype"), unused=unused)
                return own_classes.with_dropped_method(loaded)
        model, report = _auto(auto).from_pretrained(
            reference,
            weights_only=True,
            output_loading_info=True,
            revision=revision,
            trust_remote_code=trust_remote_code,
            attn_implementation=attention,
            **how,
        )
    missing = sorted(key for key in report["missing_keys"] if not key.startswith(unused))
    if missing:
        raise UserError(reference, f"the checkpoint lacks weights ({', '.join(missing[:3])}, ...)", "a complete one")
    return own_classes.with_dropped_method(model) if trust_remote_code else model


def reader(
    auto: str,
    reference: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    how: dict[str, Any] | None = None,
) -> Any:
    """Return what prepares a model's inputs: its tokenizer, image processor or both, by transformers' Auto class.

    Parameters
    ----------
    how : further options of `from_pretrained`.

    Raises
    ------
    UserError
        The checkpoint's files for it cannot be read, or those of a tokenizer are missing.
    """
    with no_remote_code(), opening(reference):
        found = _auto(auto).from_pretrained(
            reference, revision=revision, trust_remote_code=trust_remote_code, **(how or {})
        )
    vocabularies.require(found, reference)
    return found


def open_clip_network(
    name: str, *, weights: str | None, device: str, precision: str, quick_gelu: bool, where: str
) -> tuple[Any, Any]:
    """Return an open_clip model and its evaluation preprocessing.

    Parameters
    ----------
    name : architecture, `hf-hub:org/name` or `local-dir:folder`.
    weights : tag or file of weights of a bare architecture; they are required, never random.
    where : what the user called the model, for messages.

    Raises
    ------
    UserError
        The checkpoint cannot be loaded.
    """
    import open_clip

    with no_remote_code(), opening(where, "open_clip"):
        model, _, preprocess = open_clip.create_model_and_transforms(
            name,
            pretrained=weights,
            device=device,
            precision=precision,
            force_quick_gelu=quick_gelu,
            require_pretrained=True,
            weights_only=True,
        )
    return model, preprocess


def open_clip_tokenizer(name: str, *, where: str) -> Any:
    """Return the tokenizer of an open_clip model.

    `tokenizer_kwargs` in a folder's open_clip_config.json go to transformers, `trust_remote_code` among them; what is
    passed here stands above them.

    Raises
    ------
    UserError
        The tokenizer cannot be loaded, or its files are missing.
    """
    import open_clip

    with no_remote_code(), opening(where, "open_clip"):
        permission = {"trust_remote_code": False} if _tokenizer_of_transformers(name) else {}
        found = open_clip.get_tokenizer(name, **permission)
    vocabularies.require(found, where)
    return found


def _tokenizer_of_transformers(name: str) -> bool:
    """Return whether open_clip leaves a model's tokenizer to transformers; its own ones know no such option."""
    import open_clip

    try:
        config = open_clip.get_model_config(name)
    except Exception:
        # open_clip goes on with transformers' tokenizer where a hub id has no open_clip_config.json.
        return name.startswith("hf-hub:")
    if config is None:
        return False
    return bool(config.get("text_cfg", {}).get("hf_tokenizer_name")) or (not config and name.startswith("hf-hub:"))


def _require_no_quantization(how: dict[str, Any], reference: str) -> None:
    if "quantization_config" in how:
        raise UserError(reference, "a class of its own that loads itself cannot be quantised", "no `quantization:`")


def _auto(name: str) -> Any:
    import transformers

    silenced()
    if not hasattr(transformers, "TokenizersBackend"):
        # What transformers 5 writes into a tokenizer's config for the class that version 4 has under its older name.
        transformers.TokenizersBackend = transformers.PreTrainedTokenizerFast
    return getattr(transformers, name)


def silenced() -> None:
    """Keep transformers from logging and from drawing bars."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
