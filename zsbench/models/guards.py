"""What a checkpoint's files may not do while a library reads them, and how its errors are worded.

Files that come with weights may hold code, or a permission to run it that their author wrote. Here no library asks on
the terminal, a folder's own permission is overruled, pickles are read as weights alone, and any error is one sentence.
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
from zsbench.models import packages, weight_files


@contextmanager
def opening(where: str, library: str = "transformers", *, called: str = "") -> Iterator[None]:
    """Let a library read a checkpoint; whatever it raises becomes one sentence about it.

    Parameters
    ----------
    where : the folder or hub id, in which a file of weights that was cut off is looked for.
    library : what reads it, for messages.
    called : what the user called it, where `where` is another name.

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
            raise _explained(where, called or where, library, error) from error
        raise


@contextmanager
def no_remote_code(*, whoever_permits: bool = False) -> Iterator[None]:
    """Refuse a checkpoint's own code where open_clip leaves the permission open: a question with no time is refused.

    With `whoever_permits` it is refused where a library permits it by itself, too, as gliner and gliner2 do.
    """
    from transformers import dynamic_module_utils

    def refuse(*_: Any, **__: Any) -> Any:
        raise ValueError("it needs code of its own")

    before = dynamic_module_utils.TIME_OUT_REMOTE_CODE, dynamic_module_utils.get_cached_module_file
    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0
    if whoever_permits:
        dynamic_module_utils.get_cached_module_file = refuse
    try:
        yield
    finally:
        dynamic_module_utils.TIME_OUT_REMOTE_CODE, dynamic_module_utils.get_cached_module_file = before


@contextmanager
def no_conversion() -> Iterator[None]:
    """Keep transformers from asking the hub's robot for a safetensors of a repository that has none.

    It would write to somebody's repository, and take a file that its owner has not accepted for the checkpoint.
    """
    from transformers import modeling_utils

    def none(*_: Any, **__: Any) -> tuple[None, None, bool]:
        return None, None, False

    before = modeling_utils.auto_conversion
    modeling_utils.auto_conversion = none
    try:
        yield
    finally:
        modeling_utils.auto_conversion = before


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


def _explained(source: str, where: str, library: str, error: BaseException) -> UserError:
    """Return the one sentence for what a library raised."""
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    where = shown(Path(where)) if Path(where).is_absolute() else where
    causes = list(_causes(error))
    if any(isinstance(cause, UnpicklingError) for cause in causes):  # torch's own words advise to run the file's code
        return UserError(where, "not a file of weights alone", "safetensors, or a state dict")
    if any(isinstance(cause, (LocalEntryNotFoundError, OfflineModeIsEnabled)) for cause in causes):
        expected = "a local folder, or run without --offline and with a network"
        return UserError(where, "not all of its files are on this machine", expected)
    lacking = packages.lacking(map(str, causes))
    if lacking:
        hint = f"pip install 'zsbench[{packages.EXTRA}]'"
        return UserError(where, f"this checkpoint needs {' and '.join(lacking)}, not installed here", "", hint)
    broken = weight_files.cut(Path(source)) if Path(source).is_dir() else None
    if broken is not None:
        return UserError(shown(broken), "the file of weights ends too early, as one of a download that was cut off")
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return UserError(where, f"{library} cannot load this checkpoint ({type(error).__name__}: {(lines or [''])[0]})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
