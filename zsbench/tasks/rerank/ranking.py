"""What all task types share in which a method orders candidates: any method of `rerank`, a TREC run as predictions."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeVar

from zsbench.config.blocks import Block
from zsbench.config.options import Text
from zsbench.config.schema import TaskConfig
from zsbench.core import jsonfiles
from zsbench.core.ahead import side_by_side
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Paragraph, short
from zsbench.core.errors import RunError, UserError
from zsbench.core.records import Cost, Score, TaskData, digest
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.documents import RankItem
from zsbench.data.collections.stored import Stored
from zsbench.methods.rerank import Fitted, Order, Ranker
from zsbench.metrics import naming
from zsbench.metrics.rankings.pytrec import SharedRankings, trec_order
from zsbench.search.candidates import Candidates, FirstStage
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, ConfigT, require_unique, sample
from zsbench.tasks.formats.trec_run import TrecRun

# A byte order mark would be none any more where it begins a line.
_GOLD_NAMED = 5
"""Relevant documents that are named in a file of items."""
_WORD = re.compile("(?!\\ufeff)[^ \\t\\r\\n\\v\\f]+")


class RankingTask(BaseTask[ConfigT]):
    """How candidates are ordered, and what of rankings is judged and counted."""

    family: ClassVar[str] = "rerank"
    shard_size: ClassVar[int] = 64
    unit: ClassVar[str] = "question"
    absent: ClassVar[Any] = {}
    first_stage: FirstStage | None = None
    """What finds candidates; None where a method searches for itself."""
    format: TrecRun

    def __init__(self, config: ConfigT, source: Block) -> None:
        super().__init__(config, source)
        self.format = TrecRun()

    def collection(self, data: TaskData, item: RankItem) -> Collection:
        """Return the collection that a query's candidates belong to."""
        searched: Collection = data.context
        return searched

    def predict(
        self, rule: Ranker, model: Any, data: TaskData, todo: range, run: RunContext
    ) -> Iterator[dict[str, float]]:
        """Yield {document: n - rank} for each query."""
        self.format.name(run.method)
        if isinstance(rule, Fitted):
            run.notes |= rule.notes(model, data.items)
        if beyond := self.beyond_the_lists():
            run.notes["metrics that look beyond the lists"] = beyond
        for number, order in zip(todo, self._orders(rule, model, data, todo, run), strict=True):
            item: RankItem = data.items[number]
            if sorted(order) != list(range(len(item.documents))):
                raise ValueError(f"query {item.id}: the method returned no permutation of its candidates")
            if isinstance(order, Order) and order.tied:
                run.count("queries with candidates of equal score")
            yield {item.documents[i].id: float(len(order) - rank) for rank, i in enumerate(order)}
            run.progress(number + 1)
        if todo.stop == len(data.items) and 0 < run.cost.answers == run.cost.answers_unreadable:
            # The order is the first stage's, and its score would stand with the model's name.
            found = f"none of the {run.cost.answers} answers could be read as an order or a choice"
            raise RunError("", found, "a model that answers the prompt", "`zsbench report` shows prompts and answers")

    def _orders(
        self, rule: Ranker, model: Any, data: TaskData, todo: range, run: RunContext
    ) -> Iterator[Sequence[int]]:
        """Yield the order of each query's candidates; over HTTP several queries go side by side."""
        workers = getattr(model, "concurrency", 1)

        def order(number: int) -> tuple[Sequence[int], Cost]:
            item: RankItem = data.items[number]
            # Counters of its own, because threads that add to one lose counts.
            asked, cost = copy.copy(model), Cost()
            if model is not None:
                asked.cost = cost
            return rule(asked, item, self.collection(data, item)) if item.documents else [], cost

        orders = side_by_side(order, todo, workers) if workers > 1 else map(order, todo)
        try:
            for ordered, cost in orders:
                run.cost.add(cost)
                if cost.answers:
                    run.average("well-formed answers, mean over queries", 1 - cost.malformed_outputs / cost.answers)
                yield ordered
        except BaseException:
            if workers > 1:
                model.stop()
            raise

    def beyond_the_lists(self) -> list[str]:
        """Return the metrics that look further than lists are deep: what they miss there counts as not found."""
        if self.first_stage is None:
            return []
        metrics = [naming.resolve(name, kinds=self.metric_kinds) for name in self.config.metrics]
        cuts = {metric.name: getattr(metric.statistics, "keywords", {}).get("k") or 0 for metric in metrics}
        return [name for name, k in cuts.items() if k > self.first_stage.keys.depth]

    def require_words(self, ids: Iterable[str], where: str) -> None:
        """Refuse ids of queries or documents that the run to be written cannot hold, because blanks part its columns.

        Raises
        ------
        UserError
            An id is empty or holds an ASCII blank or a line end.
        """
        wrong = next((key for key in ids if not _WORD.fullmatch(key)), None)
        if wrong is not None:
            raise UserError(where, f"id {wrong!r}", "an id without blanks, as in a TREC run")

    def judged(self, data: TaskData, predictions: Sequence[Any], missing: Literal["zero", "skip"]) -> SharedRankings:
        """Return the rankings to judge, None for an absent one that is left out; what does not fit is counted."""
        rankings = list(predictions)  # read back from files, once
        empty = sum(not ranking for ranking in rankings)
        if empty and "queries without candidates" not in data.counts:
            data.counts["queries absent from the run"] = empty
        if self.format.unjudged:
            data.counts["queries of the run that are not judged"] = self.format.unjudged
        unknown = sum(self._unknown(data, item, ranking) for item, ranking in zip(data.items, rankings, strict=True))
        if unknown and unknown == sum(map(len, rankings)):
            raise UserError("", "no document of the run is in the corpus", "ids as in the corpus")
        if unknown:
            data.counts["documents of the run that are not in the corpus"] = unknown
        return SharedRankings(ranking or None if missing == "skip" else ranking for ranking in rankings)

    def doubt(self, data: TaskData, scores: dict[str, Score]) -> str:
        """Say why a metric has no value: nothing is judged as high as its `rel` asks."""
        empty = [name for name, score in scores.items() if not score.n and "rel=" in name]
        return f"{', '.join(empty)}: undefined, no document is judged that high" if empty else ""

    def gold_text(self, item: Any, gold: Any, data: TaskData) -> str:
        """Return the first of the relevant documents, those of the highest grade before others."""
        grades = {key: grade for key, grade in gold.items() if grade > 0}
        return " ".join(sorted(grades, key=lambda key: (-grades[key], key))[:_GOLD_NAMED])

    def draw(self, item: Any, gold: Any, prediction: Mapping[str, float], data: TaskData) -> Drawing:
        """Show the query with the first of its ranking, and where each stood before."""
        documents = self.collection(data, item).documents
        before = [document.id for document in getattr(item, "documents", ())]
        return drawings.of_ranking(
            [Paragraph("Query", short(self.question(item)))],
            trec_order(prediction),
            lambda key: drawings.known_text(documents, key),
            self.relevant(gold, prediction),
            title=f"{len(prediction)} ranked",
            before=before,
            before_title="first stage",
        )

    def question(self, item: Any) -> str:
        """Return the text of a query."""
        return str(item.query)

    def relevant(self, gold: Any, ranking: Mapping[str, float]) -> dict[str, str]:
        """Return what gold says of documents, those that are relevant alone: {document: grade}."""
        return {key: f"grade {grade}" for key, grade in gold.items() if grade > 0}

    def _unknown(self, data: TaskData, item: Any, ranking: Mapping[str, float]) -> int:
        """Count the ranked documents that the corpus lacks, where it is in memory."""
        documents = self.collection(data, item).documents
        return 0 if isinstance(documents, Stored) else sum(name not in documents for name in ranking)


class CandidatesConfig(TaskConfig):
    """Keys of every task whose candidates come from a first stage.

    `without`: a file of ids, one a line or a JSON list, of queries that are left out of the evaluation, because a model
    saw them (examples of a prompt that come from the test queries).
    """

    candidates: Candidates = Candidates()
    missing: Literal["zero", "skip"] = "zero"
    without: Text | None = None


CandidatesConfigT = TypeVar("CandidatesConfigT", bound=CandidatesConfig)


class CandidatesTask(RankingTask[CandidatesConfigT]):
    """A ranking task whose candidates come from a first stage."""

    asked: ClassVar[str]
    """What its queries are called."""

    def __init__(self, config: CandidatesConfigT, source: Block) -> None:
        super().__init__(config, source)
        self.first_stage: FirstStage = FirstStage(config.candidates, source, config.folder, config.document.where)
        self.without = None if config.without is None else config.path("without")

    def protocol(self, *, given: bool = False) -> str:
        """Return first stage and depth, and which queries are left out."""
        return ", ".join(([] if given else [self.first_stage.label()]) + self.left_out())

    def left_out(self) -> list[str]:
        """Return which queries do not count, in words for the head of a table."""
        parts = [] if self.without is None else [f"without the {self.asked} of {self.without.name}"]
        return parts + [f"absent {self.asked} skipped"] * (self.config.missing == "skip")

    def named_files(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return what the candidates come from, and the list of queries that are left out."""
        named = [(("candidates", key), files) for key, files in self.first_stage.files().items()]
        return named + ([(("without",), [str(self.without)])] if self.without else [])

    def kept(self, queries: Sequence[str], counts: dict[str, int], *, limit: int | None, seed: int) -> list[int]:
        """Return the numbers of the queries that are asked: a sample of all but those of `without`, which are counted.

        Raises
        ------
        UserError
            None of the ids of `without` is one of a query, or it leaves none.
        """
        rest = list(range(len(queries)))
        if self.without is not None:
            named = set(jsonfiles.texts(self.without, "ids of queries, one a line or a JSON list"))
            rest = [i for i in rest if queries[i] not in named]
            n_found = len(queries) - len(rest)
            if not n_found or not rest:
                found = f"{n_found} of its {len(named)} ids are among the {len(queries)} {self.asked}"
                expected = f"ids of {self.asked}, such as '{queries[0]}', but not of all" if queries else ""
                raise UserError(shown(self.without), found, expected)
            counts[f"{self.asked} left out, as {self.without.name} says"] = n_found
            counts[f"ids of {self.without.name} that no query has"] = len(named) - n_found
        return [rest[i] for i in sample(len(rest), limit, seed)]

    def loaded(
        self,
        searched: Collection | Mapping[str, Collection],
        queries: Sequence[str],
        gold: Sequence[Any],
        *,
        seed: int,
        score_only: bool,
        counts: Mapping[str, int],
        facts: Sequence[str] = (),
        drop_query_id: bool = False,
        clusters: Sequence[str] | None = None,
    ) -> TaskData:
        """Return the data of queries with their candidates (none for scoring a finished run).

        Parameters
        ----------
        searched : the collection of all queries, or that of each.
        queries : ids in the data's order.
        gold : aligned with the queries.
        counts : what was left out or did not fit, by name.
        facts : digests of what the fingerprint covers beside collections and candidates.
        drop_query_id : no query is a candidate for itself.
        clusters : what the queries come from, aligned; None where each stands alone.
        """
        pools = dict.fromkeys(queries, searched) if isinstance(searched, Collection) else searched
        if score_only:
            items = [RankItem(key, pools[key].queries[key], ()) for key in queries]
        elif isinstance(searched, Collection):
            items = self.first_stage.items(searched, queries, seed=seed, drop_query_id=drop_query_id)
        else:
            items = self.first_stage.items_of_pools(searched, seed=seed)
        require_unique(items, self.source.where)
        if not score_only:
            self.require_words(ids_of(items), self.source.where)
            counts = {**counts, **candidate_counts(items), **self.first_stage.counts}
        order = digest(f"{item.id}\0" + "\0".join(d.id for d in item.documents) for item in items)
        collections = [searched] if isinstance(searched, Collection) else searched.values()
        return TaskData(
            items=items,
            gold=gold,
            context=searched,
            fingerprint=digest([*(pool.fingerprint() for pool in collections), *facts, order]),
            counts={name: n for name, n in counts.items() if n},
            clusters=clusters,
            cost=self.first_stage.cost,
        )

    def load_to_draw(self, *, limit: int | None, seed: int) -> TaskData:
        """Read the candidates too, unless a model would have to find them."""
        return self.load(limit=limit, seed=seed, score_only=self.config.candidates.stage == "dense")

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all rankings and gold at once; a ranking is None where an absent query is left out."""
        yield self.judged(data, predictions, self.config.missing), data.gold


def ids_of(items: Iterable[RankItem]) -> Iterator[str]:
    """Yield the ids of queries and of their candidates."""
    for item in items:
        yield item.id
        yield from (document.id for document in item.documents)


def candidate_counts(items: Sequence[RankItem]) -> dict[str, int]:
    """Return what is missing before any method has ranked, by name."""
    return {
        "queries without candidates": sum(not item.documents for item in items),
        "queries with an empty text": sum(not item.query.strip() for item in items),
    }
