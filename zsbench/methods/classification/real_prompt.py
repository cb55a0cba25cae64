"""REAL-Prompt: the prompt ensemble with each class called by its most frequent synonym.

The weights are those of `prompt-ensemble` over the other names; the classes keep their labels.
Source: Parashar et al. 2024, arXiv:2401.12425, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import LocalPath
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, shown
from zsbench.core.templates import fill_class
from zsbench.data import synonym_counts
from zsbench.data.synonym_counts import Choice
from zsbench.methods.classification import Classifier, Encoder, Problem, Rule
from zsbench.methods.classification._prompt_examples import first_class, known, templates_of
from zsbench.methods.classification._texts import note_unused, of_classes, read_names, unused
from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
from zsbench.models.capabilities import ImageTextEncoder


@method(family="classification", needs=(ImageTextEncoder,), uses=("synonyms of the class names",))
def real_prompt(*, synonyms: LocalPath, choice: Choice | None = None) -> Rule:
    """Fill the task's templates with other names.

    Parameters
    ----------
    synonyms : JSON {class name: best name}, or counts of synonyms as `zsbench frequency count --synonym-counts` writes
        them and REAL's authors publish them (`metrics-<corpus>.json`); one entry a class.
    choice : how counts choose: `relaxed` (default) never takes a part of the official name, `strict` takes whatever is
        most frequent.
    """

    def build(encoder: Encoder, problem: Problem, before: Classifier | None) -> Classifier:
        names, left = _names(synonyms, choice, problem.class_names)
        note_unused(encoder, left, problem.class_names)
        renamed = sum(a != b for a, b in zip(names, problem.class_names, strict=True))
        encoder.note("real-prompt", {"renamed classes": renamed})
        return prompt_ensemble()(encoder, replace(problem, class_names=names, also_called={}), before)

    return build


def _names(file: str, choice: Choice | None, class_names: list[str]) -> tuple[list[str], list[str]]:
    """Return the name of each class, as it stands in the file or as the counts in it choose, and names of no class."""
    if not _is_counted(file):
        if choice is not None:
            found = f"{shown(Path(file))} holds names that are chosen already"
            raise UserError("choice", found, "a file of counts beside it")
        names = read_names(file)
        return of_classes(names, class_names, file), unused(names, class_names)
    where = shown(Path(file))
    every = synonym_counts.read_synonym_counts(Path(file))
    counted = synonym_counts.of_classes(every, class_names, where)
    return [one.best_name(choice or "relaxed", where) for one in counted], synonym_counts.unused(every, counted)


def _is_counted(file: str) -> bool:
    return synonym_counts.is_counted(jsonfiles.read(Path(file), wrong="not a file of synonyms"))


def describe_prompt(options: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Return every prompt of the first class, for `zsbench show`."""
    entries = known(options, "synonyms", lambda file: _by_name(file, options.get("choice")))
    name = first_class(task, entries)
    best = entries.get(name, f"<other name of '{name}' in {options.get('synonyms', 'the file of `synonyms:`')}>")
    return "\n".join(fill_class(template, best) for template in templates_of(task))


def _by_name(file: str, choice: Choice | None) -> dict[str, str]:
    """Return the best name by the official one; of classes of one name, the last one's."""
    if not _is_counted(file):
        return read_names(file)
    counted = synonym_counts.read_synonym_counts(Path(file)).values()
    return {one.name: one.best_name(choice or "relaxed", shown(Path(file))) for one in counted}
