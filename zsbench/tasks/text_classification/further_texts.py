"""The keys of a task of texts beside its data: words that stand for its classes, and further texts for rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from annotated_types import MinLen

from zsbench.config.blocks import Block
from zsbench.config.companions import Requires
from zsbench.config.options import Count, Seed, Texts
from zsbench.config.options import Text as TextOption
from zsbench.core import jsonfiles, textfiles
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import np
from zsbench.core.yamlio import shown
from zsbench.data.class_join import Classes
from zsbench.data.class_names import plain
from zsbench.data.texts.texts import Text, TextSet
from zsbench.methods.classification import Labelled
from zsbench.tasks.base import require_unique
from zsbench.tasks.classification.classes import NamedClasses
from zsbench.tasks.classification.shots import draw_shots
from zsbench.tasks.frequency import Counted

Keywords = Annotated[dict[TextOption, Texts], MinLen(1)]


class FurtherTexts(NamedClasses, Counted):
    """Keys that name keywords and further texts.

    `keywords` gives every class the words that describe it, or names a JSON file that does; `validation` (labelled) and
    `unlabeled` are data blocks like `data`, for rules that choose with labels or look at a corpus. `validation_shots`
    keeps that many validation texts a class, drawn with `validation_seed`.
    """

    data_keys: ClassVar[tuple[str, ...]] = ("validation", "unlabeled")
    requires: ClassVar[tuple[Requires, ...]] = (
        ("validation_shots", "validation"),
        ("validation_seed", "validation_shots"),
    )

    keywords: Keywords | TextOption | None = None
    validation: Any = None
    validation_shots: Count | None = None
    validation_seed: Seed = 1
    unlabeled: Any = None

    def keywords_of(self, names: Sequence[str]) -> list[list[str]] | None:
        """Return the keywords of each class in label order; None where the task gives none.

        Raises
        ------
        UserError
            A class without keywords, keywords of something that is no class, or a file of something else.
        """
        if self.keywords is None:
            return None
        place, written, file = self.document.where(("keywords",)), self.keywords, None
        if isinstance(written, str):
            file = self.path("keywords")
            place, written = shown(file), read_keywords(file)
        known = {plain(name): number for number, name in enumerate(names)}
        found: dict[int, list[str]] = {}
        for name, words in written.items():
            number = known.get(plain(name))
            if number is None:
                own = self.document.where(("keywords", name)) if file is None else _place(file, name)
                raise UserError(own, f"keywords of '{name}', which is no class", "", did_you_mean(name, names))
            found[number] = words
        if lacking := [name for number, name in enumerate(names) if number not in found]:
            raise UserError(place, f"no keywords for class '{lacking[0]}'", "at least one for each class")
        return [found[number] for number in range(len(names))]

    def further(self, classes: Classes, test: Sequence[Text], source: Block) -> tuple[dict[str, Any], dict[str, int]]:
        """Return what a `TextProblem` holds of further texts, by field, and what was left out, counted by name.

        Parameters
        ----------
        classes : the task's classes, which the labels are joined with.
        test, source : the test texts, none of which should be learnt from, and where they come from.
        """
        fields: dict[str, Any] = {}
        counts: dict[str, int] = {}
        for key, block in self.sources().items():
            texts: TextSet = block.build()
            require_unique(texts.items, block.where)
            counts |= {f"{key}: {name}": n for name, n in texts.counts.items()}
            fields[key] = texts.items if key == "unlabeled" else self._labelled(texts, block, classes, test, source)
        return fields, counts

    def _labelled(
        self, texts: TextSet, block: Block, classes: Classes, test: Sequence[Text], source: Block
    ) -> Labelled:
        labels = self.join_further(classes, texts, block)
        if not all(isinstance(label, int) for label in labels):
            raise UserError(block.where, "several labels a text", "one label a text to choose with")
        numbers, items = np.asarray(labels, dtype=np.int64), list(texts.items)
        if self.validation_shots is not None:
            keep = draw_shots(numbers, self.validation_shots, self.validation_seed, block.where, noun="texts")
            numbers, items = numbers[keep], [items[int(i)] for i in keep]
        split = str(block.options.get("split", block.title))
        is_test = block.described() == source.described()
        return Labelled(items, numbers, "test" if is_test else split, test)


def read_keywords(file: Path) -> dict[str, list[str]]:
    """Return keywords by class from a JSON object of lists of texts.

    Raises
    ------
    UserError
        The file cannot be read, or holds something else; with the class.
    """
    expected = "a JSON object of lists of keywords by class"
    held = jsonfiles.read(file, expected)
    if not isinstance(held, dict) or not held:
        raise UserError(shown(file), "no keywords", expected)
    for name, words in held.items():
        if not isinstance(words, list) or not words or not all(isinstance(w, str) and w.strip() for w in words):
            raise UserError(_place(file, name), f"keywords of '{name}': {str(words)[:60]}", "at least one text")
    return held


def _place(file: Path, name: str) -> str:
    """Return file and line of a class's keywords."""
    return jsonfiles.place_of_key(shown(file), textfiles.read(file), name)


def repeated(keywords: Sequence[Sequence[str]] | None) -> dict[str, int]:
    """Count the keywords that their class has already: each time counts in the mean of a class's vectors."""
    n = sum(len(words) - len(set(words)) for words in keywords or ())
    return {"repeated keywords, which count each time": n} if n else {}
