"""Open-domain question answering: rank passages for a question; does one of the first k hold an answer?

Nothing is judged by hand: a passage is right when its text (the title is not searched) holds an answer, token by
token. Candidates come from a first stage or a TREC run, and any method of `rerank` orders them; depth bounds every
answer-hit@k. Predictions: a TREC run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from zsbench.config.blocks import Block
from zsbench.config.options import Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import TaskData, digest
from zsbench.data.collections.documents import RankItem
from zsbench.data.collections.questions import Questions
from zsbench.metrics.rankings.answers import Answered
from zsbench.search.candidates import Candidates, FirstStage
from zsbench.tasks.base import require_unique, sample
from zsbench.tasks.rerank.ranking import RankingTask, candidate_counts, ids_of


class Config(TaskConfig):
    """Keys of a `type: open-domain-qa` task.

    `missing`: a question absent from the run scores `zero`, or is left out.
    """

    method: Any = "first-stage"
    metrics: Texts = ["answer-hit@1", "answer-hit@5", "answer-hit@20", "answer-hit@100"]
    candidates: Candidates = Candidates()
    missing: Literal["zero", "skip"] = "zero"


class Task(RankingTask[Config]):
    """Questions with candidate passages; gold is the answers and where texts are read."""

    gives: ClassVar[str] = "questions"
    metric_kinds: ClassVar[tuple[str, ...]] = ("answers", "answers_ar2")

    def __init__(self, config: Config, source: Block) -> None:
        super().__init__(config, source)
        self.first_stage: FirstStage = FirstStage(config.candidates, source, config.folder)

    def files(self) -> list[str]:
        """Return the files of questions and passages and what the candidates come from."""
        return super().files() + self.first_stage.files()

    def protocol(self, *, given: bool = False) -> str:
        """Return first stage and depth, and whether absent questions are left out."""
        parts = [] if given else [self.first_stage.label()]
        return ", ".join(parts + ["absent questions skipped"] * (self.config.missing == "skip"))

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read questions and passages and build each question's candidates (none for scoring a finished run)."""
        questions: Questions = self.source.build()
        collection = questions.collection
        ids = list(collection.queries)
        keep = [ids[i] for i in sample(len(ids), limit, seed)]
        if score_only:
            items = [RankItem(key, collection.queries[key], ()) for key in keep]
        else:
            items = self.first_stage.items(collection, keep, seed=seed)
        require_unique(items, self.source.where)
        if not score_only:
            self.require_words(ids_of(items), self.source.where)
        counts = dict(collection.counts)
        if not score_only:
            counts |= candidate_counts(items) | self.first_stage.counts
        order = digest(f"{item.id}\0" + "\0".join(d.id for d in item.documents) for item in items)
        answers = digest("\0".join((key, *questions.answers[key])) for key in keep)

        def text(passage: str) -> str:
            if passage not in collection.documents:
                # No metric's own fault, which a default metric would be left out for.
                found = f"passage '{passage}' is not in the collection, so nobody knows its text"
                raise RunError(self.source.where, found, "a run over these passages")
            return collection.documents[passage].text

        return TaskData(
            items=items,
            gold=[Answered(questions.answers[key], text) for key in keep],
            context=collection,
            fingerprint=digest([collection.fingerprint(), answers, order]),
            counts={name: n for name, n in counts.items() if n},
            cost=self.first_stage.cost,
        )

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all rankings and answers at once, with the passages read in one go."""
        rankings = self.judged(data, predictions, self.config.missing)
        data.context.fetch(passage for ranking in rankings for passage in ranking or ())
        yield rankings, data.gold

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
