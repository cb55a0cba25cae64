"""The items of one run as files beside the page: an index that lists and filters, and drawings in chunks.

    data/runs/3/index.js      what a list shows and filters ask of every item
    data/runs/3/00000.js      the drawings of the first CHUNK items
    data/pictures/<data>/     pictures of the data, shared by all runs over them; named/ those of galleries
    data/pictures/<data>/<run>/  pictures of what a run predicted

A page opened from disk may fetch nothing, but it may load scripts: each file hands its JSON to one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from zsbench.core.ahead import WORKERS
from zsbench.core.drawing import Drawing, Map, Paragraph, Part, Picture, short
from zsbench.core.errors import UserError
from zsbench.core.lazy import np
from zsbench.core.records import digest
from zsbench.report.html.embedding import script_json
from zsbench.report.html.folder import ReportFolder
from zsbench.report.html.item_values import ItemValues, item_values, numbered, rounded
from zsbench.report.html.pictures import NoPicture, write_picture
from zsbench.results.finished_run import FinishedRun
from zsbench.run.reopened import Reopened, predictions
from zsbench.tasks.base import sample

CHUNK = 64
"""Items whose drawings are in one file."""
_SHORT = 120
"""Characters of gold and answer in the list."""

Tell = Callable[[int, int], None]


@dataclass
class RunItems:
    """Writes the items of one run.

    Attributes
    ----------
    number : the run's number in the page.
    read : its task and data, or None where they cannot be had any more; `reason` says why.
    most : at most so many items, a sample in their order.
    undrawn : why items could not be drawn, by item, the first few.
    """

    folder: ReportFolder
    number: int
    run: FinishedRun
    read: Reopened | None
    reason: str
    most: int
    undrawn: dict[str, str] = field(default_factory=dict)

    def write(self, tell: Tell) -> dict[str, Any]:
        """Write index and chunks; return what the page itself says of them.

        Raises
        ------
        UserError
            The run has no items that could be read.
        """
        columns = self.run.items
        ids = [str(key) for key in columns["id"]]
        values = item_values(self.run)
        keep = sample(len(ids), self.most, 0)
        drawings = self._drawings(ids, columns["prediction"], keep)
        listed: list[tuple[str, str, Sequence[str], float | None, str]] = []
        chunk: list[tuple[int, Drawing]] = []
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="zsbench-pictures") as pool:
            for place, (number, drawing) in enumerate(drawings, 1):
                chunk.append((number, drawing))
                if len(chunk) == CHUNK or place == len(keep):
                    listed += self._write_chunk((place - 1) // CHUNK, chunk, pool)
                    chunk = []
                    tell(place, len(keep))
        self._write(f"runs/{self.number}/index.js", "index", self._index(ids, keep, listed, values))
        about = {"n": len(keep), "total": len(ids), "chunk": CHUNK, "reason": self.reason}
        return {**about, "judged_by": values.judged_by, "is_share": values.is_share}

    def _drawings(self, ids: Sequence[str], previews: Any, keep: Sequence[int]) -> Iterator[tuple[int, Drawing]]:
        """Yield (number, drawing) of the items kept; what a task type cannot draw is shown as text."""
        if self.read is None:
            for number in keep:
                yield number, _undrawn(str(previews[number]))
            return
        task, data, wanted = self.read.task, self.read.data, set(keep)
        if [item.id for item in data.items] != list(ids):
            raise UserError("items.parquet", "other items than those of the data", "the file that the run wrote")
        rows = zip(data.items, data.gold, predictions(self.run, self.read), strict=True)
        for number, (item, gold, prediction) in enumerate(rows):
            if number not in wanted:
                continue
            try:
                drawing = task.draw(item, gold, prediction, data)
            except Exception as error:  # a task type of another package may fail in any way
                self.undrawn.setdefault(ids[number], f"{type(error).__name__}: {error}")
                drawing = _undrawn(str(previews[number]), f"This item could not be drawn ({type(error).__name__}).")
            yield number, drawing

    def _write_chunk(
        self, number: int, chunk: Sequence[tuple[int, Drawing]], pool: ThreadPoolExecutor
    ) -> list[tuple[str, str, Sequence[str], float | None, str]]:
        """Write the drawings of some items with their pictures; return what the list says of each."""
        jobs = [
            (item, place, part)
            for item, drawing in chunk
            for place, part in enumerate(drawing.parts)
            if isinstance(part, (Picture, Map))
        ]
        made = dict(zip([job[:2] for job in jobs], pool.map(lambda job: self._picture(*job), jobs), strict=True))
        rows, listed = [], []
        for item, drawing in chunk:
            parts = [_plain(part, made.get((item, place), "")) for place, part in enumerate(drawing.parts)]
            rows.append(parts)
            own = (made.get((item, n), "") for n, part in enumerate(drawing.parts) if not getattr(part, "key", ""))
            thumb = next((address for address in own if address and not address.startswith("!")), "")
            margin = drawing.margin
            listed.append((short(drawing.gold, _SHORT), short(drawing.answer, _SHORT), drawing.classes, margin, thumb))
        self._write(f"runs/{self.number}/{number:05d}.js", str(number), rows)
        return listed

    def _picture(self, item: int, place: int, part: Picture | Map) -> str:
        """Write a picture where there is none yet; return its address from the page, or `!` and why there is none."""
        # Tasks may show other pictures of the same data, such as other frames of a video; their titles say which.
        name = f"{item:06d}-{place}" + (f"-{digest([part.title])[:8]}" if part.title else "")
        if isinstance(part, Picture) and part.key:
            name = f"named/{digest([part.key])}"
        elif isinstance(part, Map) and part.of_prediction:
            name = f"{_run_digest(self.run)}/{name}"
        path = self.folder.picture(f"{self.pictures_of}/{name}.webp")
        try:
            write_picture(part, path)
        except NoPicture as problem:
            return f"!{problem}"
        return path.relative_to(self.folder.folder).as_posix()

    @property
    def pictures_of(self) -> str:
        """The folder of the data's pictures: all that is seen is in the fingerprint."""
        return digest([self.run.result["task_type"], str(self.run.result.get("data_fingerprint", ""))])[:16]

    def _index(self, ids: Sequence[str], keep: Sequence[int], listed: Sequence[Any], values: ItemValues) -> Any:
        """Return what the list shows and what filters ask, each as one column over the items."""
        golds, answers, classes, margins, thumbs = zip(*listed, strict=True) if listed else ((),) * 5
        names = {name: number for number, name in enumerate(dict.fromkeys(c for each in classes for c in each))}
        taken = np.asarray(keep, dtype=np.int64)
        groups = {
            key: numbered([str(self.run.items[key][n]) for n in keep])
            for key in ("group", "cluster")
            if key in self.run.items
        }
        known = [margin for margin in margins if margin is not None]
        return {
            "ids": [ids[number] for number in keep],
            "gold": numbered(golds),
            "answer": numbered(answers),
            "classes": {"names": list(names), "of": [[names[name] for name in each] for each in classes]},
            **groups,
            "margin": [None if m is None else float(f"{m:.5g}") for m in margins] if known else None,
            "low_margin": float(np.quantile(known, 0.1)) if known else None,
            "thumbs": _shortened(thumbs) if any(thumbs) else None,
            "values": {name: rounded(column[taken]) for name, column in values.by_metric.items()},
            "right": None if values.right is None else rounded(values.right[taken]),
        }

    def _write(self, name: str, key: str, value: Any) -> None:
        self.folder.write_data(name, f"zsbenchData({script_json(f'{self.number}/{key}')},{script_json(value)});\n")


def _shortened(paths: Sequence[str]) -> dict[str, Any]:
    """Return addresses without the folder that they share; an empty one stays empty."""
    start = next(path for path in paths if path).rpartition("/")[0] + "/"
    if not all(path.startswith(start) for path in paths if path):
        start = ""
    return {"start": start, "of": [path[len(start) :] for path in paths]}


def _run_digest(run: FinishedRun) -> str:
    """Return the folder of a run's own pictures: that of this very run, made at this very time."""
    keys = ("config_hash", "code", "question", "data_fingerprint", "model_fingerprint", "started")
    return digest(str(run.result.get(key, "")) for key in keys)[:16]


def _undrawn(preview: str, problem: str = "") -> Drawing:
    parts: list[Part] = [Paragraph("Prediction, in short", preview)]
    return Drawing([*parts, Paragraph("", problem)] if problem else parts, answer=preview)


def _plain(part: Part, made: str) -> dict[str, Any]:
    """Return a part as plain values; a picture by its address."""
    kind = type(part).__name__.lower()
    if isinstance(part, (Picture, Map)):
        if made.startswith("!"):
            return {"kind": "paragraph", "title": part.title, "text": f"no picture: {made[1:]}"}
        seen = {"kind": kind, "title": part.title, "src": made}
        if isinstance(part, Map):
            return {**seen, "low": part.low, "high": part.high, "unit": part.unit, "tone": part.tone}
        return {**seen, "right": True} if part.right else seen
    return {"kind": kind, **asdict(part)}


def item_files(
    folder: ReportFolder, runs: Sequence[FinishedRun], opened: Callable[[FinishedRun], Reopened], most: int, tell: Any
) -> tuple[list[dict[str, Any] | None], list[str]]:
    """Write the items of every run; return what the page says of each run's items, and notes about what is missing.

    Parameters
    ----------
    opened : returns a run's task and data, or raises a UserError.
    most : items of a run at most.
    tell : is told (title, items done, items in all).
    """
    about: list[dict[str, Any] | None] = []
    notes: list[str] = []
    for number, run in enumerate(runs):
        title = " / ".join(run.names)
        if run.is_average:
            about.append(None)
            continue
        read, reason = None, ""
        tell(f"reading {run.names[0]}", 0, 0)
        try:
            read = opened(run)
            predictions(run, read)
        except UserError as error:
            read, reason = None, str(error)
        writer = RunItems(folder, number, run, read, reason, most)
        try:
            about.append(writer.write(lambda done, total, title=title: tell(title, done, total)))  # type: ignore[misc]
        except UserError as error:
            about.append(None)
            notes.append(f"{title}: items are not shown ({error})")
            continue
        if writer.undrawn:
            first, problem = next(iter(writer.undrawn.items()))
            notes.append(f"{title}: {len(writer.undrawn)} items could not be drawn (first: {first}, {problem})")
    return about, notes
