"""What a sentence-transformers checkpoint says of itself, read from its JSON files without that library.

modules.json                        the layers, in order: Transformer, Pooling, Normalize
1_Pooling/config.json               pooling_mode_mean_tokens, pooling_mode_cls_token, pooling_mode_lasttoken
sentence_bert_config.json           max_seq_length, do_lower_case
config_sentence_transformers.json   prompts (query, document), similarity_fn_name
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.models import guards, runtime

Pooling = Literal["mean", "mean_with_padding", "cls", "last", "pooler"]
_MODES: dict[str, Pooling] = {"mean_tokens": "mean", "cls_token": "cls", "lasttoken": "last"}


@dataclass(frozen=True)
class Layout:
    """How token states become a vector; what the checkpoint leaves open is at its default."""

    source: str = field(repr=False)
    pooling: Pooling | None = None
    normalise: bool = False
    query_prefix: str = ""
    document_prefix: str = ""
    max_length: int | None = None
    lower: bool = False

    def overlaid(self, options: Mapping[str, Any]) -> Layout:
        """Return the layout with options in place of the checkpoint's own; None leaves one as it is.

        Raises
        ------
        UserError
            Neither names a pooling.
        """
        layout = replace(self, **{name: option for name, option in options.items() if option is not None})
        if layout.pooling is None:
            raise UserError(self.source, "the checkpoint names no pooling", "`pooling:` mean, cls, last or pooler")
        return layout


def read(reference: str, revision: str | None) -> Layout:
    """Return what a hub id or folder says; a plain transformers checkpoint says nothing.

    Raises
    ------
    UserError
        It has a layer that is no Transformer, Pooling or Normalize, or pools in a way that is not known here.
    """
    runtime.source(reference)
    folder = runtime.local_folder(reference)
    with guards.opening(reference, "bi-encoder"):
        return _layout(reference, folder, revision)


def _layout(reference: str, folder: Path | None, revision: str | None) -> Layout:
    def load(name: str) -> Any:
        return _json(reference, folder, name, revision)

    layers: dict[str, str] = {m["type"].rsplit(".", 1)[-1]: m["path"] for m in load("modules.json") or []}
    unknown = [name for name in layers if name not in ("Transformer", "Pooling", "Normalize")]
    if unknown:
        raise UserError(reference, f"modules.json has a layer '{unknown[0]}'", "Transformer, Pooling and Normalize")
    pooling = load(f"{layers['Pooling']}/config.json") if "Pooling" in layers else None
    transformer, comparison = load("sentence_bert_config.json") or {}, load("config_sentence_transformers.json") or {}
    prompts = comparison.get("prompts") or {}
    return Layout(
        reference,
        pooling=None if pooling is None else _mode(pooling, reference),
        normalise="Normalize" in layers or comparison.get("similarity_fn_name") == "cosine",
        query_prefix=prompts.get("query", ""),
        document_prefix=prompts.get("document", prompts.get("passage", "")),
        max_length=transformer.get("max_seq_length"),
        lower=bool(transformer.get("do_lower_case")),
    )


def _mode(pooling: dict[str, Any], reference: str) -> Pooling:
    chosen = [
        key.removeprefix("pooling_mode_") for key, on in pooling.items() if key.startswith("pooling_mode_") and on
    ]
    if "pooling_mode" in pooling:
        chosen = [{"mean": "mean_tokens", "cls": "cls_token"}.get(name := pooling["pooling_mode"], name)]
    if len(chosen) != 1 or chosen[0] not in _MODES or pooling.get("include_prompt") is False:
        modes = " and ".join(chosen) + (" without the prompt" if pooling.get("include_prompt") is False else "")
        problem = f"the checkpoint pools by {modes or 'nothing'}"
        raise UserError(reference, problem, "mean_tokens, cls_token or lasttoken")
    return _MODES[chosen[0]]


def _json(reference: str, folder: Path | None, name: str, revision: str | None) -> Any:
    if folder is not None:
        path: str | Path | None = folder / name
    else:
        from transformers.utils import cached_file

        path = cached_file(
            reference,
            name,
            revision=revision,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
    if path is None or not Path(path).is_file():
        return None
    return jsonfiles.read(Path(path))
