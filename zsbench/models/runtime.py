"""The run's device and precision, local folders of models, and fingerprints of weights: what all adapters share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.core.listing import every_file
from zsbench.core.offline import is_offline
from zsbench.core.records import digest, digest_file


class Network:
    """An adapter over one torch module."""

    _model: Any

    @property
    def module(self) -> Any:
        """The network, for modifiers."""
        return self._model


_RUNTIME: dict[str, Any] = {"device": "auto", "dtype": "float32", "threads": None, "batch_size": "auto"}


def configure(*, device: str, dtype: str, threads: int | None, batch_size: int | str = "auto") -> None:
    """Set where and in which precision the adapters built from now on compute; torch is not needed before."""
    _RUNTIME.update(device=device, dtype=dtype, threads=threads, batch_size=batch_size)


def runtime_device() -> str:
    """Return the device to use: the one asked for, or CUDA, MPS, CPU in this order.

    Raises
    ------
    UserError
        The device asked for does not exist here.
    """
    if _RUNTIME["threads"] is not None:
        torch.set_num_threads(_RUNTIME["threads"])
    wanted: str = _RUNTIME["device"]
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=wanted)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError("--device", f"'{wanted}' cannot be used ({reason})", "cpu, cuda, cuda:N or mps") from None
    return wanted


def runtime_dtype() -> str:
    """Return the name of the precision asked for."""
    dtype: str = _RUNTIME["dtype"]
    return dtype


def runtime_batch_size() -> int | str:
    """Return the batch size asked for, for adapters that batch by themselves."""
    size: int | str = _RUNTIME["batch_size"]
    return size


def local_folder(reference: str) -> Path | None:
    """Return the folder a model reference names, or None for a hub id.

    Raises
    ------
    UserError
        The reference is a path and there is no such folder.
    """
    path = Path(reference.removeprefix("local-dir:"))
    if path.is_dir():
        return path
    if path.is_absolute() or reference.startswith(("local-dir:", ".", "~")):
        raise UserError(str(path), "no such model folder")
    return None


def source(reference: str) -> str:
    """Return what a library loads a model from: its local folder, or a hub id that may be asked for.

    Raises
    ------
    UserError
        There is no such folder, or the hub id is not on this machine while offline.
    """
    folder = local_folder(reference)
    if folder is None:
        require_offline_ok(reference)
    return str(folder or reference)


def folder_files(options: dict[str, Any]) -> list[str]:
    """Return the files behind a block's `model:` when it is a local folder or file."""
    path = Path(str(options.get("model", "")).removeprefix("local-dir:"))
    if path.is_dir():
        return [str(p) for p in every_file(path)]
    return [str(path)] if path.is_file() or path.is_absolute() else []


def require_offline_ok(reference: str) -> None:
    """Refuse a hub id while offline, before a library retries mirrors and prints pages.

    Raises
    ------
    UserError
        HF_HUB_OFFLINE is set, the reference is no folder, and the local hub cache does not hold it.
    """
    if not is_offline():
        return
    from huggingface_hub import constants

    cached = Path(constants.HF_HUB_CACHE) / ("models--" + reference.replace("/", "--"))
    if not cached.is_dir():
        raise UserError("", f"model '{reference}' is not on this machine", "a local folder, or run without --offline")


def fingerprint(parts: Iterable[str], files: Iterable[str]) -> str:
    """Return the digest of texts and of the contents of files (names without folders count)."""
    contents = [f"{Path(name).name}:{digest_file(Path(name))}" for name in sorted(files)]
    return digest([*parts, *contents])


def fingerprint_model(parts: Iterable[str], reference: str, module: torch.nn.Module) -> str:
    """Return the digest of texts with the files of a model's folder, or with the loaded weights of a hub id."""
    folder = local_folder(reference)
    if folder is None:
        return fingerprint_weights([*parts, reference], module)
    return fingerprint(parts, folder_files({"model": str(folder)}))


def fingerprint_weights(parts: Iterable[str], module: torch.nn.Module) -> str:
    """Return the digest of texts and of every weight in a loaded module, for models without local files."""
    state = module.state_dict()
    tensors = (state[name].detach().cpu().contiguous().view(-1).view(torch.uint8) for name in sorted(state))
    raw = (part for name, t in zip(sorted(state), tensors, strict=True) for part in (name, t.numpy().tobytes()))
    return digest([*parts, *raw])
