"""Answers of a language model about captions, kept in a folder: asked for once, read again without any model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.analysis.frequency.credited import Credited
from zsbench.core import files, jsonfiles
from zsbench.core.errors import UserError, shown


@dataclass(frozen=True)
class Answers:
    """The answers about one concept: what was found by, the caption, what the model said."""

    concept: str
    given: list[tuple[str, str, str]]

    @property
    def relevance(self) -> float:
        """The share of `yes`; 0 where nothing was asked, as nothing was found."""
        return n_yes([answer for *_, answer in self.given]) / len(self.given) if self.given else 0.0


def n_yes(answers: Sequence[str]) -> int:
    """Return how many answers are `yes`.

    Examples
    --------
    >>> n_yes(["Yes.", " yes", "Yes, it does", "No"])
    2
    """
    return sum(answer.strip().strip(".").lower() == "yes" for answer in answers)


class Folder:
    """A folder of answers: `question.json`, and a file for each concept that was asked about.

    Raises
    ------
    UserError
        It holds the answers to another question.
    """

    def __init__(self, root: Path, question: Mapping[str, Any] | None) -> None:
        self._root, stated = root, root / "question.json"
        if question is None:
            files.require_file(stated, "a folder of answers, or --model and captions to get some")
        elif not stated.exists():
            root.mkdir(parents=True, exist_ok=True)
            files.write_json(stated, question)
        elif jsonfiles.read(stated) != dict(question):
            raise UserError(shown(root), "holds the answers to another question", "--answers with a name of its own")

    def read(self, number: int, concept: str) -> Answers | None:
        """Return the answers about the concept of a number, None where it was not asked about.

        Raises
        ------
        UserError
            The file is about another concept or has another form.
        """
        path = self._root / f"{number:06d}.json"
        if not path.exists():
            return None
        held = jsonfiles.read(path)
        if not isinstance(held, dict) or held.get("concept") != concept or not isinstance(held.get("answers"), list):
            raise UserError(shown(path), "no answers about this concept", f"those about '{concept}'")
        keys = ("name", "caption", "answer")
        for row in held["answers"]:
            if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in keys):
                raise UserError(shown(path), f"an answer {row}", '{"name": ..., "caption": ..., "answer": ...}')
        return Answers(concept, [(row["name"], row["caption"], row["answer"]) for row in held["answers"]])

    def write(self, number: int, answers: Answers) -> None:
        """Keep the answers about the concept of a number."""
        rows = [{"name": name, "caption": caption, "answer": answer} for name, caption, answer in answers.given]
        files.write_json(self._root / f"{number:06d}.json", {"concept": answers.concept, "answers": rows})


def collected(
    folder: Folder,
    captions: Sequence[tuple[str, Sequence[Credited]]],
    ask: Callable[[str, Sequence[Credited]], Answers],
) -> None:
    """Ask about every (concept, its captions) that has no answers yet, one file each."""
    for number, (concept, of_concept) in enumerate(captions):
        if folder.read(number, concept) is None:
            folder.write(number, ask(concept, of_concept))


def relevances(folder: Folder, concepts: Sequence[str]) -> list[float]:
    """Return the share of `yes` for each concept, in the order in which they were asked about.

    Raises
    ------
    UserError
        A concept was not asked about.
    """
    found = []
    for number, concept in enumerate(concepts):
        answers = folder.read(number, concept)
        if answers is None:
            raise UserError("--answers", f"none about '{concept}'", "all concepts; the same command goes on asking")
        found.append(answers.relevance)
    return found
