"""Association: each cue picks the images that go with it among a few candidates.

Predictions: JSONL, one object a cue: `{"id": ..., "similarities": [...]}`, a number a candidate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from zsbench.config.blocks import Block
from zsbench.config.options import Blanks, Text, Texts
from zsbench.config.schema import TaskConfig
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.records import TaskData, digest
from zsbench.core.templates import fill
from zsbench.data.captions.associations import Cue, CueSet
from zsbench.data.images.items import count_traits
from zsbench.methods.image_text import Matcher
from zsbench.tasks.base import require_unique, sample
from zsbench.tasks.formats.similarities import read_similarities, write_similarities


class Config(TaskConfig):
    """Keys of a `type: association` task.

    In `template`, `{}` is the cue in lower case and `{article}` stands for `A`, or `An` before a vowel.
    """

    method: Any = "dual-encoder"
    metrics: Texts = ["jaccard"]
    template: Annotated[Text, Blanks("", "article")] = "{article} {}"


class Task:
    """Cues; gold is the set of the associated candidates' numbers."""

    family: ClassVar[str] = "image-text"
    gives: ClassVar[str] = "cues"
    metric_kinds: ClassVar[tuple[str, ...]] = ("association",)
    suffix: ClassVar[str] = ".jsonl"
    shard_size: ClassVar[int] = 1024
    absent: ClassVar[Any] = None

    def __init__(self, config: Config, source: Block) -> None:
        self.config, self.source = config, source
        if "{}" not in config.template:
            raise UserError(source.where, f"template '{config.template}' has no place for the cue", "`{}` in it")

    def files(self) -> list[str]:
        """Return the list of cues and its images."""
        return self.source.files()

    def protocol(self, *, given: bool = False) -> str:
        """Return the template, and how many images are picked."""
        judged = "as many images picked as are associated"
        return judged if given else f"template '{self.config.template}', {judged}"

    def load(self, *, limit: int | None, seed: int, score_only: bool = False) -> TaskData:  # noqa: ARG002
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
        return TaskData(items, gold, None, digest(parts), count_traits(images.values()))

    def predict(self, rule: Matcher, model: Any, data: TaskData, todo: range, run: RunContext) -> Iterator[Any]:
        """Yield the similarities (n_candidates,) of each cue."""
        from zsbench.tasks.encoding import Features

        cues: Sequence[Cue] = data.items
        # The same image stands with many cues: one number each, by its id.
        images = list({image.id: image for cue in cues for image in cue.images}.values())
        number = {image.id: i for i, image in enumerate(images)}
        scores = rule(Features(model, run, images), [prompt(self.config.template, cue.text) for cue in cues], images)
        for place in todo:
            own = np.asarray([number[image.id] for image in cues[place].images])
            yield np.asarray(scores.images_for(np.asarray([place]), own))[0]
            run.progress(place + 1)

    def check(self, item: Cue, prediction: Any) -> str:
        """Say what is wrong with the number of similarities or their values."""
        if np.shape(prediction) != (len(item.images),):
            return f"cue {item.id}: similarities {np.shape(prediction)}, expected ({len(item.images)},)"
        return f"cue {item.id}: a similarity is NaN" if np.isnan(prediction).any() else ""

    def chunks(self, data: TaskData, predictions: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield all cues at once."""
        yield list(predictions), data.gold

    def write(self, path: Path, items: Sequence[Cue], predictions: Sequence[Any]) -> None:
        """Write JSONL."""
        write_similarities(path, items, predictions)

    def read(self, path: Path, items: Sequence[Cue]) -> dict[str, Any]:  # noqa: ARG002 - one signature for all
        """Read JSONL."""
        return read_similarities(path, kind="cue", shape="list", expected="a number a candidate")

    @staticmethod
    def gold_source(path: str) -> dict[str, Any]:
        """Read the cues."""
        return {"source": "associations", "path": path}

    def preview(self, prediction: Any) -> str:
        """Return the candidates' numbers, best first."""
        return " ".join(str(i) for i in np.argsort(-np.asarray(prediction), kind="stable"))


def prompt(template: str, cue: str) -> str:
    """Return the text of a cue: `An ocean` for `Ocean` with the template `{article} {}`."""
    word = cue.strip().lower()
    return fill(template, **{"article": "An" if word[0] in "aeiou" else "A", "": word})
