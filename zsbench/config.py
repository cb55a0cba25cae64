"""What a YAML may say: the schemas, `extends:`, and errors that name file, line, key and the nearest right word."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, PrivateAttr, ValidationError

from zsbench import catalog, companions, yamlio
from zsbench.companions import Requires
from zsbench.components import MethodFacts, Strict, option_defaults, option_hints, options_schema, plainly_fit
from zsbench.data.image_listing import every_file
from zsbench.errors import UserError, UserErrors, did_you_mean
from zsbench.models.offered import require_offered
from zsbench.options import AnyText, Count, Device, ProperShare, Seed, Text, Texts
from zsbench.schema_errors import described, explained
from zsbench.yamlio import Document, Loc

S = TypeVar("S", bound=BaseModel)

LocalPath = Annotated[Text, "local-path"]
"""A file or folder; relative ones start at the folder of the config that names them."""
ModelRef = Annotated[Text, "model-ref"]
"""A hub id or a folder (`local-dir:`, `asset:`, `$NAME/...`, relative to the config)."""


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

    def sources(self) -> dict[str, Block]:
        """Return the checked data blocks beside `data`, by key."""
        return {key: block for key in self.data_keys if isinstance(block := getattr(self, key), Block)}


class ModelConfig(Strict, extra="allow"):
    """A model's YAML: the adapter, and that adapter's own options beside it."""

    adapter: Text
    description: AnyText = ""
    license: AnyText = ""


@dataclass(frozen=True)
class Block:
    """A component with its options as written; `where` points into the file for messages.

    Relative paths start at `base`, except in options that another file (or the command line) wrote: see `bases`.
    """

    kind: catalog.ComponentKind
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    base: Path = Path()
    where: str = ""
    bases: dict[str, Path] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name shown in tables and used for folders: with the options that set two rows of one method apart."""
        return self.label or self.name + self._set_apart()

    def _set_apart(self) -> str:
        """Return `(threshold=0.3)` for the options that the component shows and the config sets to other values."""
        if not self.options or self.kind != "methods":
            return ""
        defaults = option_defaults(catalog.load_component(self.kind, self.name, where=self.where))
        given = [key for key in self.facts.shown if self.options.get(key, defaults[key]) != defaults[key]]
        other = [f"{key}={self.options[key]}" for key in given]
        return f"({', '.join(other)})" if other else ""

    def settings(self) -> str:
        """Return the options that the component shows, with their values: `threshold 0.5, decoding flat`."""
        if not self.facts.shown:
            return ""
        values = option_defaults(catalog.load_component(self.kind, self.name, where=self.where)) | self.options
        words = {key: key if values[key] is True else f"{key} {values[key]}" for key in self.facts.shown}
        return ", ".join(words[key] for key in words if values[key] is not False)

    @property
    def facts(self) -> Any:
        """What the component's decorator declared about it."""
        facts = getattr(catalog.load_component(self.kind, self.name, where=self.where), "facts", None)
        if not isinstance(facts, MethodFacts):
            return facts
        own = tuple(use for option, use in facts.uses_with if isinstance(self.options.get(option), str))
        return replace(facts, uses=facts.uses + own, needs=(*facts.needs, *self.needs_with()))

    def needs_with(self) -> dict[type, str]:
        """Return the capabilities that a method's options ask for, each with what to do without it."""
        function = catalog.load_component(self.kind, self.name, where=self.where)
        facts = getattr(function, "facts", None)
        if not isinstance(facts, MethodFacts) or facts.needs_with is None:
            return {}
        return facts.needs_with(options_schema(function).model_validate(self.options))

    def described(self) -> dict[str, Any]:
        """Return name and options as they stand in a result and go into its hash."""
        return {"name": self.name, **self.options}

    def build(self) -> Any:
        """Import the component and call it with its options, local paths resolved."""
        function = catalog.load_component(self.kind, self.name, where=self.where)
        checked = options_schema(function).model_validate(self.resolved())
        built = function(**{key: getattr(checked, key) for key in self.options})
        if self.kind == "models":
            require_offered(built, self.facts.offers, where=self.where, name=self.name)
        return built

    def resolved(self) -> dict[str, Any]:
        """Return the options with every local path absolute."""
        function = catalog.load_component(self.kind, self.name, where=self.where)
        hints = option_hints(function)
        return {
            key: _resolve(value, hints.get(key), self.bases.get(key, self.base), self.where)
            for key, value in self.options.items()
        }

    def files(self) -> list[str]:
        """Return the local files that define the component, found without loading any of them.

        A component that declares no finder depends on the files its `LocalPath` and local `ModelRef` options name.
        """
        find = getattr(self.facts, "files", None)
        if find is not None:
            return list(find(self.resolved()))
        hints = option_hints(catalog.load_component(self.kind, self.name, where=self.where))
        texts = {k: v for k, v in self.resolved().items() if isinstance(v, str)}
        named = [Path(v) for k, v in texts.items() if "local-path" in _marks(hints[k])]
        named += [Path(v) for k, v in texts.items() if "model-ref" in _marks(hints[k]) and Path(v).is_dir()]
        inside = {folder: every_file(folder) for folder in named if folder.is_dir()}
        return [str(file) for path in named for file in inside.get(path) or [path]]


@dataclass(frozen=True)
class Chain:
    """Methods of one family, each going on from what the one before it made; most chains have one link.

    `implied` is the first link when the config did not name it (a rule's usual starting point).
    """

    parts: tuple[Block, ...]
    implied: Block | None = None
    label: str = ""
    where: str = ""

    @property
    def name(self) -> str:
        """The names of the links, joined with `+`."""
        return "+".join(part.name for part in self.parts)

    @property
    def title(self) -> str:
        """The name shown in tables and used for folders."""
        return self.label or "+".join(part.title for part in self.parts)

    def settings(self) -> str:
        """Return the options that the links show, with their values; empty where they show none."""
        return ", ".join(filter(None, (part.settings() for part in self.links)))

    @property
    def facts(self) -> MethodFacts:
        """What all links need and use together; one transductive link makes the chain transductive."""
        found: list[MethodFacts] = [part.facts for part in self.links]
        return MethodFacts(
            found[0].family,
            tuple(dict.fromkeys(need for facts in found for need in facts.needs)),
            "transductive" if any(facts.kind == "transductive" for facts in found) else "inductive",
            tuple(dict.fromkeys(use for facts in found for use in facts.uses)),
        )

    @property
    def links(self) -> tuple[Block, ...]:
        """All links, the implied one first."""
        return (self.implied, *self.parts) if self.implied else self.parts

    def described(self) -> Any:
        """Return the links as they stand in a result: one mapping, or a list of them."""
        found = [part.described() for part in self.links]
        return found[0] if len(found) == 1 else found

    def build(self) -> Any:
        """Build every link and compose them the way their family does (`compose` in its package)."""
        rules = [part.build() for part in self.links]
        compose = getattr(catalog.load_family(self.facts.family), "compose", None)
        return compose(rules) if compose else rules[0]

    def files(self) -> list[str]:
        """Return the local files that any link depends on."""
        return [path for part in self.links for path in part.files()]


def _marks(hint: Any) -> set[Any]:
    return {mark for part in (hint, *get_args(hint)) if get_origin(part) is Annotated for mark in part.__metadata__}


def _resolve(value: Any, hint: Any, base: Path, where: str) -> Any:
    marks = _marks(hint)
    if not isinstance(value, str) or not marks & {"local-path", "model-ref"}:
        return value
    if "local-path" in marks:
        return str(catalog.resolve_path(value, base, where=where))
    local = value.removeprefix("local-dir:")
    explicit = local != value or local.startswith(("asset:", "$", "~", "/", "./", "../"))
    path = catalog.resolve_path(local, base, where=where)
    # Absolute, because a library may take a bare name for something else than a folder.
    return str(path.absolute()) if explicit or path.exists() else value


def load(path: Path) -> Document:
    """Read a YAML file and lay it over the file named in its `extends:`, key by key; lists replace lists."""
    chain: list[Path] = []
    documents: list[Document] = []
    while True:
        if path.resolve() in chain:
            raise UserError(yamlio.shown(path), "extends itself", "a chain of `extends:` that ends")
        chain.append(path.resolve())
        document = yamlio.read(path)
        documents.append(document)
        parent = document.value.pop("extends", None)
        if parent is None:
            break
        where = document.where(("extends",))
        if not isinstance(parent, str):
            raise UserError(where, f"key 'extends' is {described(parent)}", "the name of a config or a path")
        path = _parent_path(parent, path, where)
    merged = documents.pop()
    while documents:
        merged = overlay(merged, documents.pop())
    return merged


def _parent_path(parent: str, child: Path, where: str) -> Path:
    """Find what `extends:` names: a path beside the child, or a config of any kind."""
    if parent.endswith((".yaml", ".yml")):
        return catalog.find_config("tasks", parent, where=where, base=child.parent)
    names: set[str] = set()
    for kind in get_args(catalog.ConfigKind):
        known = catalog.configs(kind)
        if parent.removeprefix("papers/") in known and known[parent.removeprefix("papers/")].path != child:
            return known[parent.removeprefix("papers/")].path
        names |= set(known)
    raise UserError(where, f"no config '{parent}' to extend", "", did_you_mean(parent, names))


def overlay(base: Document, top: Document) -> Document:
    """Return `base` with the keys of `top` laid over it; mappings merge, everything else is replaced."""
    # A list or a text of the top file hides what stood at and below its place.
    hidden = {loc for loc in yamlio.places(top.value) if not isinstance(_at(top.value, loc), dict)}
    kept = {
        loc: mark for loc, mark in base.marks.items() if not any(loc[:end] in hidden for end in range(1, len(loc) + 1))
    }
    return Document(top.path, merge(base.value, top.value), {**kept, **top.marks})


def _at(value: dict[str, Any], loc: Loc) -> Any:
    for key in loc:
        value = value[key]  # type: ignore[index]
    return value


def merge(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    """Merge two mappings recursively; a block that names another component replaces the old one whole.

    Candidates of another stage keep their depth and whether they are shuffled, and lose what was the old stage's own.
    """
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            renamed = any(word in value and value[word] != old.get(word) for word in ("name", "source", "adapter"))
            if key == "candidates" and value.get("stage", old.get("stage")) != old.get("stage", "bm25"):
                old = {shared: old[shared] for shared in ("depth", "shuffle") if shared in old}
            value = value if renamed else merge(old, value)
        merged[key] = value
    return merged


def check(schema: type[S], document: Document, loc: Loc = (), value: Any = None, *, owner: str = "") -> S:
    """Validate a mapping against a schema, every mistake with its place and the nearest right key.

    `owner` is the component whose options these are, for messages.

    Raises
    ------
    UserErrors
        Unknown keys, missing keys, wrong types: all of them at once.
    """
    value = document.value if value is None else value
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise UserErrors(list(explained(schema, document, loc, value, error, owner))) from None


def label(value: dict[str, Any], document: Document, loc: Loc, *, beside: tuple[str, ...] = ()) -> str:
    """Return the `label:` of a mapping, or an empty text; with `beside`, these are the only other keys it may have.

    Raises
    ------
    UserError
        It is no text or a blank one, or a key is unknown.
    """
    extra = sorted(value.keys() - {"label", *beside}) if beside else []
    if extra:
        hint = did_you_mean(extra[0], ["label", *beside])
        raise UserError(document.where((*loc, extra[0])), f"unknown key '{extra[0]}'", "", hint)
    found = value.get("label")
    if found is not None and (not isinstance(found, str) or not found.strip()):
        where = document.where((*loc, "label"))
        raise UserError(where, f"key 'label' is {described(found)}", "a text that is not empty")
    return found or ""


def block(kind: catalog.ComponentKind, value: Any, key: str, document: Document, loc: Loc) -> Block:
    """Read a component block (`icr` or `{name: icr, window: 20}`) and check its options against the signature."""
    value = {key: value} if isinstance(value, str) else value
    where = document.where((*loc, key)) if isinstance(value, dict) and key in value else document.where(loc)
    if not isinstance(value, dict) or not isinstance(value.get(key), str):
        expected = f"a name, or a mapping with `{key}:` and options"
        if isinstance(value, dict) and key not in value:
            raise UserError(where, f"no key '{key}' among {', '.join(value)}", expected)
        raise UserError(where, f"{'.'.join(map(str, loc)) or kind} is {described(value)}", expected)
    name = value[key]
    function = catalog.load_component(kind, name, where=where)
    # A component may have an option of one of these names (the label column of a table); then the key is the option.
    about = {"label", "description", "license"} - option_defaults(function).keys()
    title = label(value, document, loc) if "label" in about else ""
    for word in about & value.keys() - {"label"}:
        if not isinstance(value[word], str):
            raise UserError(document.where((*loc, word)), f"key '{word}' is {described(value[word])}", "a text")
    options = {k: v for k, v in value.items() if k != key and k not in about}
    if not plainly_fit(function, options):
        check(options_schema(function), document, loc, options, owner=name)
    base = document.folder((*loc, key))
    folders = {option: document.folder((*loc, option)) for option in options}
    bases = {option: folder for option, folder in folders.items() if folder != base}
    found = Block(kind, name, options, title, base, where, bases)
    companions.check(found, document, loc)
    return found
