"""Open-domain question answering: rank passages for a question; does one of the first k hold an answer?

Nothing is judged by hand: a passage is right when its text (the title is not searched) holds an answer, token by
token. Candidates come from a first stage or a TREC run, and any method of `rerank` orders them; depth bounds every
answer-hit@k. Predictions: a TREC run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from zsbench.config.options import Texts
from zsbench.core.drawing import Drawing, Paragraph
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import TaskData, digest
from zsbench.data.collections.questions import Questions
from zsbench.metrics.rankings.answers import Answered
from zsbench.tasks.rerank.ranking import CandidatesConfig, CandidatesTask


class Config(CandidatesConfig):
    """Keys of a `type: open-domain-qa` task.

    `missing`: a question absent from the run scores `zero`, or is left out.
    """

    method: Any = "first-stage"
    metrics: Texts = ["answer-hit@1", "answer-hit@5", "answer-hit@20", "answer-hit@100"]


class Task(CandidatesTask[Config]):
    """Questions with candidate passages; gold is the answers and where texts are read."""

    asked: ClassVar[str] = "questions"
    gives: ClassVar[str] = "questions"
    metric_kinds: ClassVar[tuple[str, ...]] = ("answers", "answers_ar2")

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read questions and passages and build each question's candidates (none for scoring a finished run)."""
        questions: Questions = self.source.build()
        collection = questions.collection
        ids = list(collection.queries)
        counts = dict(collection.counts)
        keep = [ids[i] for i in self.kept(ids, counts, limit=limit, seed=seed)]

        def text(passage: str) -> str:
            if passage not in collection.documents:
                # No metric's own fault, which a default metric would be left out for.
                found = f"passage '{passage}' is not in the collection, so nobody knows its text"
                raise RunError(self.source.where, found, "a run over these passages")
            return collection.documents[passage].text

        return self.loaded(
            collection,
            keep,
            [Answered(questions.answers[key], text) for key in keep],
            seed=seed,
            score_only=score_only,
            counts=counts,
            clusters=collection.clusters_of(keep),
            facts=[digest("\0".join((key, *questions.answers[key])) for key in keep)],
        )

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all rankings and answers at once, with the passages read in one go."""
        rankings = self.judged(data, predictions, self.config.missing)
        data.context.fetch(passage for ranking in rankings for passage in ranking or ())
        yield rankings, data.gold

    def gold_text(self, item: Any, gold: Answered, data: TaskData) -> str:
        """Return the answers."""
        return ", ".join(gold.answers)

    def draw(self, item: Any, gold: Answered, prediction: Mapping[str, float], data: TaskData) -> Drawing:
        """Show the answers, too."""
        drawing = super().draw(item, gold, prediction, data)
        answers = self.gold_text(item, gold, data)
        question, *rest = drawing.parts
        return replace(drawing, parts=[question, Paragraph("Answers", answers), *rest], gold=answers)

    def relevant(self, gold: Answered, ranking: Mapping[str, float]) -> dict[str, str]:
        """Return the passages of the ranking whose text holds an answer."""
        return {key: "holds an answer" for key in ranking if gold.answers and gold.by(key)}

    @classmethod
    def gold_source(cls, path: str) -> dict[str, Any]:
        """Refuse: whether a passage holds an answer is written in no file of answers.

        Raises
        ------
        UserError
            Always.
        """
        hint = "name a task, or a YAML file, whose data are questions and passages"
        raise UserError(path, "answers alone judge no run", "the texts of the passages too", hint)
