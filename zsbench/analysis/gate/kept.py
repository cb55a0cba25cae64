"""From a finished run to what a baseline keeps of it, and back to statistics that can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.analysis.gate.baseline import KeptItems, KeptMetric, KeptRun, title
from zsbench.analysis.gate.packing import integers, packed, unpacked
from zsbench.core.errors import UserError, shown
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.records import canonical_json, digest
from zsbench.core.words import number_of
from zsbench.results.finished_run import FinishedRun

# A longer value of an option (a prompt, a list of names) is kept as its digest.
_LONGEST = 60
_WHOLE = "a baseline as `zsbench check --update` wrote it"


@dataclass(frozen=True)
class Ordered:
    """A run's items in the order of their ids: the ids, the row of each in items.parquet, and their clusters."""

    ids: list[str]
    rows: Any
    clusters: list[str] | None

    @classmethod
    def of(cls, run: FinishedRun) -> Ordered:
        """Return the items of a run.

        Raises
        ------
        UserError
            They cannot be read, or an id stands there twice.
        """
        ids, names = [str(key) for key in run.items["id"]], run.clusters
        rows = sorted(range(len(ids)), key=ids.__getitem__)
        if len(set(ids)) < len(ids):
            raise UserError(shown(run.folder / "items.parquet"), "an id stands there twice", "every item once")
        clusters = None if names is None else [str(names[row]) for row in rows]
        return cls([ids[row] for row in rows], np.array(rows, dtype=np.int64), clusters)

    def kept(self) -> KeptItems:
        """Return what a baseline keeps of them."""
        clusters = "" if self.clusters is None else packed(integers(self.clusters)[0])
        return KeptItems(n=len(self.ids), ids=digest(self.ids), clusters=clusters)


def kept_run(run: FinishedRun, titles: Mapping[str, str], items: Ordered | None) -> KeptRun:
    """Return what a baseline keeps of a run.

    Parameters
    ----------
    titles : the title of every run of the suite, by the hash of its config; rows over tasks name their parts by it.
    items : the run's items; None for a row over tasks.

    Raises
    ------
    UserError
        The statistics of its items cannot be read, or a row over tasks lacks one of its parts.
    """
    result = run.result
    config, parts = result.get("config", {}), result.get("config", {}).get("of", [])
    missing = [part for part in parts if part not in titles]
    if run.is_average and (missing or not parts):
        raise UserError(shown(run.folder), "a row over tasks without all of its tasks", "the suite's whole folder")
    return KeptRun(
        task=result["task"],
        task_type=result.get("task_type", ""),
        model=result["model"],
        method=result["method"],
        protocol=result.get("protocol", ""),
        version=config.get("task", {}).get("version", 1) if not run.is_average else 1,
        test_fingerprint=result.get("test_fingerprint", ""),
        data_fingerprint=result.get("data_fingerprint", ""),
        prompts=prompts_of(result),
        model_fingerprint=result.get("model_fingerprint", ""),
        options=options_of(result),
        of=[titles[part] for part in parts],
        metrics={name: _kept_metric(run, name, items) for name in result["metrics"]},
    )


def _kept_metric(run: FinishedRun, name: str, items: Ordered | None) -> KeptMetric:
    score = run.result["metrics"][name]
    text = "" if items is None else packed(run.statistics(run.metric(name))[items.rows])
    facts = {"unit": score["unit"], "better": score["better"], "n": score["n"]}
    return KeptMetric(value=score["value"], **facts, statistics=text)


def prompts_of(result: dict[str, Any]) -> str:
    """Return the digest of the texts that a model was given, `chosen by the method` or an empty string.

    Prompts that a method searched for are an outcome: another processor's rounding may end at others.
    """
    if "chosen prompts" in result.get("notes", {}):
        return "chosen by the method"
    prompts = result.get("notes", {}).get("prompts", {})
    return str(prompts.get("digest", "")) if isinstance(prompts, dict) else ""


def options_of(result: dict[str, Any]) -> dict[str, Any]:
    """Return model, method and precision of a run by dotted key; they may differ from those of the baseline."""
    config = result.get("config", {})
    options: dict[str, Any] = {}
    for part in ("model", "method"):
        _flatten(part, config.get(part), options)
    return options | ({"dtype": result["dtype"]} if "dtype" in result and config.get("model") else {})


def method_of(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the links of a method, each with its name and plain options, from options by dotted key.

    Examples
    --------
    >>> method_of({"dtype": "float32", "method.name": "icr", "method.window": 20})
    [{'name': 'icr', 'window': 20}]
    """
    links: dict[str, dict[str, Any]] = {}
    for key, value in options.items():
        part, *names = key.split(".")
        number = names.pop(0) if names and names[0].isdigit() else ""
        if part == "method" and len(names) == 1:
            links.setdefault(number, {})[names[0]] = value
    return list(links.values())


def _flatten(key: str, value: Any, into: dict[str, Any]) -> None:
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):  # the links of a chain
        value = {str(number): entry for number, entry in enumerate(value, 1)}
    if isinstance(value, dict):
        for name, part in value.items():
            _flatten(f"{key}.{name}", part, into)
    elif value is not None:
        text = canonical_json(value)
        is_plain = isinstance(value, (bool, int, float, str)) and len(text) <= _LONGEST
        into[key] = value if is_plain else text if len(text) <= _LONGEST else f"#{digest([text])[:8]}"


@dataclass(frozen=True)
class Past:
    """A run of a baseline beside the items of a later one, whose ids it shares.

    Attributes
    ----------
    path : the baseline's file, for messages.
    kept, kept_items : what the baseline says of the run.
    present : the later run's items.
    """

    path: Path
    kept: KeptRun
    kept_items: KeptItems
    present: Ordered

    @property
    def clusters(self) -> list[str] | None:
        """The cluster of each item in the order of the ids: as the later run names it, else as the baseline numbers it.

        A baseline of the time before a source told clusters has none; then those of today are right for it, too.
        """
        if self.present.clusters is not None or not self.kept_items.clusters:
            return self.present.clusters
        return [str(int(number)) for number in self._unpacked(self.kept_items.clusters, "clusters")[:, 0]]

    def statistics(self, name: str) -> DoubleArray:
        """Return a metric's statistics (n_items, n_statistics) in the order of the items' ids.

        Raises
        ------
        UserError
            The baseline is damaged.
        """
        metric = self.kept.metrics[name]
        table = self._unpacked(metric.statistics, name)
        for told, n in ((metric.n, int((~np.isnan(table).any(axis=1)).sum())), (self.kept_items.n, len(table))):
            if told != n:
                raise self._damaged(name, f"n is {told}, and its statistics are those of {n}")
        return table

    def _unpacked(self, line: str, name: str) -> DoubleArray:
        try:
            table = unpacked(line)
        except ValueError as error:
            raise self._damaged(name, str(error)) from None
        if len(table) != len(self.present.ids):
            raise self._damaged(name, f"{len(table)} of {number_of(len(self.present.ids), 'item')}")
        return table

    def _damaged(self, name: str, problem: str) -> UserError:
        where = f"{title(self.kept.task, self.kept.model, self.kept.method)}, {name}"
        return UserError(shown(self.path), f"damaged ({where}: {problem})", _WHOLE)
