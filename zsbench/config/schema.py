"""What the YAML of a task, of a model and of settings may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import PrivateAttr

from zsbench.config.blocks import Block
from zsbench.config.companions import Requires
from zsbench.config.components import Strict
from zsbench.config.options import AnyText, Count, Device, ProperShare, Seed, Text, Texts
from zsbench.config.paths import resolve_path
from zsbench.core.yamlio import Document


class Settings(Strict):
    """How a run is carried out: the same for all its jobs, set in a suite or on the command line."""

    seed: Seed = 0
    device: Device = "auto"
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    batch_size: Count | Literal["auto"] = "auto"
    threads: Annotated[int, Ge(1), Le(1024)] | None = None
    limit: Count | None = None
    resamples: Annotated[int, Ge(100), Le(10_000_000)] = 10_000
    confidence: ProperShare = 0.95


class TaskConfig(Strict):
    """What every task's YAML may say, whatever its type; each type adds its own keys.

    `method` is used when a run names none; `method_options` are a method's options on this task unless a run sets
    them (the paper's wording for this data set, the language of a synthetic one).
    """

    data_keys: ClassVar[tuple[str, ...]] = ()
    """Further keys that hold data blocks (`support`, `validation`); the plan puts checked `Block`s there."""
    requires: ClassVar[tuple[Requires, ...]] = ()
    """What keys ask of each other, as `companions` declares it for options."""

    type: Text
    description: AnyText = ""
    data: dict[str, Any]
    method: Any
    method_options: dict[Text, dict[str, Any]] = {}
    metrics: Texts
    version: Count = 1
    synthetic: bool = False
    source: AnyText = ""
    citation: AnyText = ""
    license: AnyText = ""

    _document: Document | None = PrivateAttr(default=None)

    @property
    def document(self) -> Document:
        """The YAML that this config was read from, for places and folders of keys."""
        return self._document or Document(Path("task.yaml"), {})

    def folder(self, *loc: str) -> Path:
        """Return the folder of the file that wrote a key, where the key's relative paths start."""
        return self.document.folder(loc)

    def path(self, *loc: str) -> Path:
        """Return the file that the text of a key names.

        Raises
        ------
        UserError
            The text holds an environment variable that is not set; at the key.
        """
        value: Any = self
        for key in loc:
            value = getattr(value, key)
        return resolve_path(value, self.folder(*loc), where=self.document.where(loc))

    def sources(self) -> dict[str, Block]:
        """Return the checked data blocks beside `data`, by key."""
        return {key: block for key in self.data_keys if isinstance(block := getattr(self, key), Block)}


class ModelConfig(Strict, extra="allow"):
    """A model's YAML: the adapter, and that adapter's own options beside it.

    `familiarity`: what the labels of its training were, for tasks that have a key of that name (`zsbench show ner`).
    `source`: where its authors say how it is run. `extra`: the extra of zsbench with what its checkpoint asks for.
    """

    adapter: Text
    familiarity: dict[str, Any] = {}
    description: AnyText = ""
    source: AnyText = ""
    license: AnyText = ""
    extra: AnyText = ""
