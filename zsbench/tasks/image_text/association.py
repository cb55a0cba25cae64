"""Association: each cue picks the images that go with it among a few candidates.

Predictions: JSONL, one object a cue: `{"id": ..., "similarities": [...]}`, a number a candidate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar

from zsbench.config.options import Blanks, Text, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.drawing import Drawing, Paragraph, Scores
from zsbench.core.lazy import np
from zsbench.core.records import TaskData, digest
from zsbench.core.templates import fill
from zsbench.data.captions.associations import Cue, CueSet
from zsbench.data.clusters import taken
from zsbench.data.images.items import count_traits
from zsbench.methods.image_text import Matcher
from zsbench.tasks import drawings
from zsbench.tasks.base import BaseTask, require_unique, sample
from zsbench.tasks.formats.similarities import Similarities


class Config(TaskConfig):
    """Keys of a `type: association` task.

    In `template`, `{}` is the cue in lower case and `{article}` stands for `A`, or `An` before a vowel.
    """

    method: Any = "dual-encoder"
    metrics: Texts = ["jaccard"]
    template: Annotated[Text, Blanks("", "article", needed=("",))] = "{article} {}"


class Task(BaseTask[Config]):
    """Cues; gold is the set of the associated candidates' numbers."""

    family: ClassVar[str] = "image-text"
    gives: ClassVar[str] = "cues"
    gold: ClassVar[tuple[str, str]] = ("associations", "path")
    metric_kinds: ClassVar[tuple[str, ...]] = ("association",)
    shard_size: ClassVar[int] = 1024
    format = Similarities("cue", lambda cue: (len(cue.images),), ("list", "a number a candidate"))

    def protocol(self, *, given: bool = False) -> str:
        """Return the template, and how many images are picked."""
        judged = "as many images picked as are associated"
        return judged if given else f"template '{self.config.template}', {judged}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:
        """Read the cues, not the pixels."""
        cues: CueSet = self.source.build()
        require_unique(cues.items, self.source.where)
        keep = sample(len(cues.items), limit, seed)
        items, gold = [cues.items[i] for i in keep], [cues.associations[i] for i in keep]
        parts = [
            text
            for item, chosen in zip(items, gold, strict=True)
            for text in (item.id, item.text, *(image.digest() for image in item.images), str(sorted(chosen)))
        ]
        images = {image.id: image for item in items for image in item.images}
        clusters = taken(cues.clusters, keep, len(cues.items))
        return TaskData(items, gold, None, digest(parts), count_traits(images.values()), clusters=clusters)

    def predict(self, rule: Matcher, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the similarities (n_candidates,) of each cue."""
        from zsbench.tasks.encoding import Features

        cues: Sequence[Cue] = data.items
        # The same image stands with many cues: one number each, by its id.
        images = list({image.id: image for cue in cues for image in cue.images}.values())
        number = {image.id: i for i, image in enumerate(images)}
        scores = rule(Features(model, run, images), [prompt(self.config.template, cue.text) for cue in cues], images)
        for place in todo:
            candidates = np.asarray([number[image.id] for image in cues[place].images])
            yield np.asarray(scores.images_for(np.asarray([place]), candidates))[0]
            run.progress(place + 1)

    def gold_text(self, item: Cue, gold: Any, data: TaskData) -> str:
        """Return the images that are associated with the cue."""
        return ", ".join(item.images[number].id for number in sorted(gold))

    def draw(self, item: Cue, gold: Any, prediction: Any, data: TaskData) -> Drawing:
        """Show the cue over its candidates, those that are associated marked, and the order they were put in."""
        scores = np.asarray(prediction, dtype=np.float64)
        order = [int(number) for number in np.argsort(-scores, kind="stable")]
        names = [image.id for image in item.images]
        rows = [(names[number], float(scores[number]), number in gold, place) for place, number in enumerate(order, 1)]
        pictures = [drawings.candidate(image, right=n in gold) for n, image in enumerate(item.images)]
        picked, n = order[: len(gold)], len(gold)
        return Drawing(
            [Paragraph("Cue", item.text), *pictures, Scores("Similarity to the cue", rows)],
            gold=self.gold_text(item, gold, data),
            answer=", ".join(names[number] for number in sorted(picked)),
            margin=float(scores[order[n - 1]] - scores[order[n]]) if 0 < n < len(order) else None,
        )


def prompt(template: str, cue: str) -> str:
    """Return the text of a cue: `An ocean` for `Ocean` with the template `{article} {}`."""
    word = cue.strip().lower()
    return fill(template, **{"article": "An" if word[0] in "aeiou" else "A", "": word})
