"""The one loader of pretrained folders and hub ids, for transformers and open_clip alike.

It ends one kind of open door: files that come with weights may hold code, or a permission to run it that they wrote
themselves. Here code runs only when the user's own YAML says `trust_remote_code: true`; a folder's own permission is
overruled, no library asks on the terminal, pickles are read as weights alone, and any error is one sentence.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown


@contextmanager
def opening(where: str, library: str = "transformers") -> Iterator[None]:
    """Let a library read a checkpoint; whatever it raises becomes one sentence about `where`.

    Raises
    ------
    UserError
        The checkpoint cannot be read: damaged, incomplete, not on this machine, or in need of code of its own.
    """
    try:
        with _weights_only(), _quiet():
            yield
    except UserError:
        raise
    except BaseException as error:
        # transformers, open_clip, safetensors, tokenizers and the hub client share no exception type, and what
        # tokenizers raises when its Rust code panics is not even an Exception.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise _explained(where, library, error) from error
        raise


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
    """Return a model of transformers with all of its weights, from safetensors only.

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
    with _unasked(), opening(reference):
        model, report = _auto(auto).from_pretrained(
            reference,
            use_safetensors=True,
            output_loading_info=True,
            revision=revision,
            trust_remote_code=trust_remote_code,
            attn_implementation=attention,
            **(how or {}),
        )
    missing = sorted(key for key in report["missing_keys"] if not key.startswith(unused))
    if missing:
        raise UserError(reference, f"the checkpoint lacks weights ({', '.join(missing[:3])}, ...)", "a complete one")
    return model


def reader(auto: str, reference: str, *, revision: str | None = None, trust_remote_code: bool = False) -> Any:
    """Return what prepares a model's inputs: its tokenizer, image processor or both, by transformers' Auto class.

    Raises
    ------
    UserError
        The checkpoint's files for it cannot be read.
    """
    with _unasked(), opening(reference):
        return _auto(auto).from_pretrained(reference, revision=revision, trust_remote_code=trust_remote_code)


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

    with _unasked(), opening(where, "open_clip"):
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
        The tokenizer cannot be loaded.
    """
    import open_clip

    with _unasked(), opening(where, "open_clip"):
        permission = {"trust_remote_code": False} if _tokenizer_of_transformers(name) else {}
        return open_clip.get_tokenizer(name, **permission)


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


def _auto(name: str) -> Any:
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return getattr(transformers, name)


@contextmanager
def _unasked() -> Iterator[None]:
    """Refuse a checkpoint's own code where open_clip leaves the permission open: with no time to ask, none is asked."""
    from transformers import dynamic_module_utils

    patience = dynamic_module_utils.TIME_OUT_REMOTE_CODE
    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0
    try:
        yield
    finally:
        dynamic_module_utils.TIME_OUT_REMOTE_CODE = patience


@contextmanager
def _weights_only() -> Iterator[None]:
    """Make torch read every pickle as weights alone: open_clip tries again without that limit after a TypeError."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what libraries log and warn of while they load off the screen, unless somebody listens (`--debug`)."""
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    try:
        with warnings.catch_warnings():
            if not os.environ.get("ZSBENCH_DEBUG"):
                warnings.simplefilter("ignore")
            yield
    finally:
        root.removeHandler(handler)


def _explained(where: str, library: str, error: BaseException) -> UserError:
    """Return the one sentence for what a library raised."""
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    where = shown(Path(where)) if Path(where).is_absolute() else where
    causes = list(_causes(error))
    if any(isinstance(cause, UnpicklingError) for cause in causes):  # torch's own words advise to run the file's code
        return UserError(where, "not a file of weights alone", "safetensors, or a state dict")
    if any(isinstance(cause, (LocalEntryNotFoundError, OfflineModeIsEnabled)) for cause in causes):
        expected = "a local folder, or run without --offline and with a network"
        return UserError(where, "not all of its files are on this machine", expected)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return UserError(where, f"{library} cannot load this checkpoint ({type(error).__name__}: {(lines or [''])[0]})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
