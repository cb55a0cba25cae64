"""A component with its options as YAML writes it, and methods in a chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from zsbench.config import catalog, companions, validate
from zsbench.config._offered import require_offered
from zsbench.config.components import (
    MethodFacts,
    ModelFacts,
    option_defaults,
    option_hints,
    options_schema,
    plainly_fit,
)
from zsbench.config.messages import described
from zsbench.config.paths import resolve_path
from zsbench.core.errors import UserError
from zsbench.core.listing import every_file
from zsbench.core.yamlio import Document, Loc


@dataclass(frozen=True)
class Block:
    """A component with its options as written; `where` points into the file for messages.

    Relative paths start at `base`, except in options that another file (or the command line) wrote: see `bases`.
    `places` says where each option stands, for what is found out only while it is used: see `located`.
    """

    kind: catalog.ComponentKind
    name: str
    options: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    base: Path = Path()
    where: str = ""
    bases: dict[str, Path] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict, compare=False)

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
        other = [f"{key}={_spelled(self.options[key])}" for key in given]
        return f"({', '.join(other)})" if other else ""

    def settings(self, settled: Mapping[str, str] | None = None, *, otherwise: str = "") -> str:
        """Return the options that the component shows, with their values: `threshold 0.5, decoding flat`.

        An option that is None has the value that the run `settled` on, or `otherwise`; without any it is left out.
        """
        if not self.facts.shown:
            return ""
        values = option_defaults(catalog.load_component(self.kind, self.name, where=self.where)) | self.options
        left_open = {key: (settled or {}).get(key, otherwise) for key in self.facts.shown if values[key] is None}
        values |= {key: value or False for key, value in left_open.items()}
        words = {key: key if values[key] is True else f"{key} {_spelled(values[key])}" for key in self.facts.shown}
        return ", ".join(words[key] for key in words if values[key] is not False and values[key] != {})

    @property
    def facts(self) -> Any:
        """What the component's decorator declared about it."""
        function = catalog.load_component(self.kind, self.name, where=self.where)
        facts = getattr(function, "facts", None)
        if isinstance(facts, ModelFacts) and facts.offers_with:
            given = option_defaults(function) | self.options
            opened = (offer for offer, needed in facts.offers_with if all(given[key] == v for key, v in needed))
            return replace(facts, offers=(*facts.offers, *opened))
        if not isinstance(facts, MethodFacts):
            return facts
        if facts.inductive_uses is not None:
            instead = facts.inductive_uses(option_defaults(function) | self.options)
            facts = facts if instead is None else replace(facts, kind="inductive", uses=instead)
        uses = tuple(use for option, use in facts.uses_with if isinstance(self.options.get(option), str))
        uses += tuple(use for option, use in facts.uses_with_list if isinstance(self.options.get(option), list))
        return replace(facts, uses=facts.uses + uses, needs=(*facts.needs, *self.needs_with()))

    def needs_with(self) -> dict[type, str]:
        """Return the capabilities that a method's options ask for, each with what to do without it."""
        function = catalog.load_component(self.kind, self.name, where=self.where)
        facts = getattr(function, "facts", None)
        if not isinstance(facts, MethodFacts) or facts.needs_with is None:
            return {}
        return facts.needs_with(options_schema(function).model_validate(self.options))

    def described(self) -> dict[str, Any]:
        """Return name and options as they stand in a result and go into its hash, without those that change nothing."""
        aside = self._aside()
        return {"name": self.name, **{key: value for key, value in self.options.items() if key not in aside}}

    def _aside(self) -> tuple[str, ...]:
        return getattr(self.facts, "aside", ()) if self.kind == "models" else ()

    def build(self) -> Any:
        """Import the component and call it with its options, local paths resolved."""
        function = catalog.load_component(self.kind, self.name, where=self.where)
        checked = options_schema(function).model_validate(self.resolved())
        with located(self):
            built = function(**{key: getattr(checked, key) for key in self.options})
        if self.kind == "models":
            require_offered(built, self.facts.offers, where=self.where, name=self.name)
        return built

    def asked(self) -> dict[str, Any]:
        """Return `resolved` without the options that change no answer."""
        aside = self._aside()
        return {key: value for key, value in self.resolved().items() if key not in aside}

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

        A component that declares no finder depends on the files its `LocalPath` and local `ModelRef` options name; of a
        folder that is all in it, unless the component is a data source, which without a finder reads single files.
        """
        find = getattr(self.facts, "files", None)
        if find is not None:
            return list(find(self.resolved()))
        hints = option_hints(catalog.load_component(self.kind, self.name, where=self.where))
        texts = {k: v for k, v in self.resolved().items() if isinstance(v, str)}
        named = [Path(v) for k, v in texts.items() if "local-path" in _marks(hints[k])]
        named += [Path(v) for k, v in texts.items() if "model-ref" in _marks(hints[k]) and Path(v).is_dir()]
        inside = {folder: every_file(folder) for folder in named if folder.is_dir() and self.kind != "data"}
        return [str(file) for path in named for file in inside.get(path) or [path]]


_ABOUT: dict[str, tuple[str, ...]] = {"models": ("source", "extra")}
"""Keys that say something about a component of a kind and are no options."""


@contextmanager
def located(*blocks: Block) -> Iterator[None]:
    """Give an error that names an option of one of the blocks the option's place in its file.

    Components say `UserError("thresholds", ...)`: what they are built with does not tell who wrote it where.
    """
    try:
        yield
    except UserError as error:
        for block in blocks:
            options = option_defaults(catalog.load_component(block.kind, block.name, where=block.where))
            place = block.places.get(error.where, block.where)
            if type(error) is UserError and error.where in options and place:
                where = f"{place}: {error.where}"
                raise UserError(where, error.found, error.expected, error.hint) from error.__cause__
        raise


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

    def settings(self, settled: Mapping[str, str] | None = None) -> str:
        """Return the options that the links show, with their values; empty where they show none."""
        return ", ".join(filter(None, (part.settings(settled) for part in self.links)))

    @property
    def facts(self) -> MethodFacts:
        """What all links need and use together; one transductive link makes the chain transductive."""
        links: list[MethodFacts] = [part.facts for part in self.links]
        return MethodFacts(
            links[0].family,
            tuple(dict.fromkeys(need for facts in links for need in facts.needs)),
            "transductive" if any(facts.kind == "transductive" for facts in links) else "inductive",
            tuple(dict.fromkeys(use for facts in links for use in facts.uses)),
        )

    @property
    def links(self) -> tuple[Block, ...]:
        """All links, the implied one first."""
        return (self.implied, *self.parts) if self.implied else self.parts

    def described(self) -> Any:
        """Return the links as they stand in a result: one mapping, or a list of them."""
        described = [part.described() for part in self.links]
        return described[0] if len(described) == 1 else described

    def build(self) -> Any:
        """Build every link and compose them the way their family does (`compose` in its package)."""
        rules = [part.build() for part in self.links]
        compose = getattr(catalog.load_family(self.facts.family), "compose", None)
        return compose(rules) if compose else rules[0]

    def files(self) -> list[str]:
        """Return the local files that any link depends on."""
        return [path for part in self.links for path in part.files()]


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
    about = {"label", "description", "license", *_ABOUT.get(kind, ())} - option_defaults(function).keys()
    title = validate.label(value, document, loc) if "label" in about else ""
    for word in about & value.keys() - {"label"}:
        if not isinstance(value[word], str):
            raise UserError(document.where((*loc, word)), f"key '{word}' is {described(value[word])}", "a text")
    options = {k: v for k, v in value.items() if k != key and k not in about}
    if not plainly_fit(function, options):
        validate.check(options_schema(function), document, loc, options, owner=name)
    base = document.folder((*loc, key))
    folders = {option: document.folder((*loc, option)) for option in options}
    bases = {option: folder for option, folder in folders.items() if folder != base}
    places = {option: document.where((*loc, option)) for option in options}
    component = Block(kind, name, options, title, base, where, bases, places)
    companions.check(function, name, options, component.resolved(), document, loc)
    return component


def _spelled(value: Any) -> str:
    """Return an option's value in words: `person 0.7; river 0.4` for numbers by name, `own` for texts of one's own."""
    if not isinstance(value, dict):
        return str(value)
    numbers = all(isinstance(part, int | float) and not isinstance(part, bool) for part in value.values())
    return "; ".join(f"{key} {part}" for key, part in value.items()) if numbers else "own"


def _marks(hint: Any) -> set[Any]:
    return {mark for part in (hint, *get_args(hint)) if get_origin(part) is Annotated for mark in part.__metadata__}


def _resolve(value: Any, hint: Any, base: Path, where: str) -> Any:
    marks = _marks(hint)
    if not isinstance(value, str) or not marks & {"local-path", "model-ref"}:
        return value
    if "local-path" in marks:
        return str(resolve_path(value, base, where=where))
    local = value.removeprefix("local-dir:")
    explicit = local != value or local.startswith(("asset:", "$", "~", "/", "./", "../"))
    path = resolve_path(local, base, where=where)
    # Absolute, because a library may take a bare name for something else than a folder.
    return str(path.absolute()) if explicit or path.exists() else value
