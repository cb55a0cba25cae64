"""Do two runs answer one question? The same items and gold, the same data, the same prompts; else what differs.

Different methods have different prompts by nature, and their prompts are part of what is compared. Prompts are held
against each other where they are meant to be the same: the templates of the task, always; the prompts of a rule and
the texts that it gave its model, where both runs used this rule (whatever its label); those of a model's own config,
where both used this rule and this model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from zsbench.core.errors import UserError, shown
from zsbench.core.records import canonical_json
from zsbench.results.finished_run import FinishedRun
from zsbench.results.store import Store

ALLOWED = ("prompts", "data")
"""What may be different where the user says so."""

_PROMPT = re.compile(r"(^|[._])(prompts?|templates?|instructions?|prefix|wording)(\.|$)")


def require_comparable(first: FinishedRun, second: FinishedRun, allow: Collection[str] = ()) -> list[str]:
    """Refuse runs whose numbers do not answer one question; return what differs and is allowed to, as sentences.

    Raises
    ------
    UserError
        They differ in type of task, in items or gold, in the data behind them, or in prompts; the keys that differ are
        named.
    """
    where = f"{shown(first.folder)} and {shown(second.folder)}"
    for key, what in (("task_type", "types of task"), ("test_fingerprint", "items or gold")):
        if not _alike(first, second, key):
            raise UserError(
                where, f"different {what}", "runs over the same items and gold", _why_data_differ(first, second)
            )
    notes = []
    if not _alike(first, second, "data_fingerprint"):
        why = _why_data_differ(first, second)
        if "data" not in allow:
            hint = f"{why}; --allow data compares them all the same"
            raise UserError(where, "different data behind the same items and gold", "the same inputs", hint)
        notes.append(f"{_both(first, second)}: other data behind the same items ({why})")
    differ = different_prompts(first, second)
    if differ:
        named = ", ".join(differ)
        if "prompts" not in allow:
            hint = "--allow prompts compares them all the same"
            raise UserError(where, f"different prompts: {named}", "the same prompts", hint)
        notes.append(f"{_both(first, second)}: other prompts ({named})")
    return notes


def _both(first: FinishedRun, second: FinishedRun) -> str:
    titles = first.title if first.title == second.title else f"{first.title} and {second.title}"
    return f"{first.names[0]}, {titles}"


def _alike(first: FinishedRun, second: FinishedRun, key: str) -> bool:
    return (first.result.get(key) or "") == (second.result.get(key) or "")


def _part(run: FinishedRun, name: str) -> Any:
    config = run.result.get("config")
    return config.get(name) if isinstance(config, dict) else None


def _why_data_differ(first: FinishedRun, second: FinishedRun) -> str:
    """Return why two runs are over different items: a sample, keys of the task, or data that have changed."""
    settings = [_part(run, "settings") or {} for run in (first, second)]
    samples = [(setting.get("limit"), setting.get("seed")) for setting in settings]
    if samples[0] != samples[1] and samples != [(None, samples[0][1]), (None, samples[1][1])]:
        texts = [f"limit {limit or 'none'}, seed {seed}" for limit, seed in samples]
        return f"they are samples of their own: {texts[0]} and {texts[1]}"
    tasks = [_part(run, "task") or {} for run in (first, second)]
    keys = sorted(key for key in {*tasks[0], *tasks[1]} if tasks[0].get(key) != tasks[1].get(key))
    return f"their tasks differ in: {', '.join(keys)}" if keys else "the data behind them have changed"


def different_prompts(first: FinishedRun, second: FinishedRun) -> list[str]:
    """Return the keys of prompts that are meant to be the same and are not: `task.templates`, `method.prompt.query`.

    `prompts.json` stands for texts that differ although no key does: those of a file, or of another version.
    """
    parts = ["task"]
    same_rule = _rules(first) == _rules(second) != ()
    same_model = first.names[1] == second.names[1]
    parts += ["method"] * same_rule + ["model"] * (same_rule and same_model)
    keys = []
    for part in parts:
        leaves = [dict(_leaves(_part(run, part), part)) for run in (first, second)]
        every = dict.fromkeys([*leaves[0], *leaves[1]])
        keys += [key for key in every if _PROMPT.search(key) and leaves[0].get(key) != leaves[1].get(key)]
    if not keys and same_rule and _other_texts(first, second, same_model=same_model):
        keys.append("prompts.json")
    return keys


def _rules(run: FinishedRun) -> tuple[str, ...]:
    """Return the names of a run's rules: a label says nothing about prompts."""
    method = _part(run, "method")
    links = method if isinstance(method, list) else [method]
    return tuple(str(link.get("name", "")) for link in links if isinstance(link, dict))


def _leaves(config: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield (dotted key, value as JSON); a list of values is one value, links of a chain are not."""
    if isinstance(config, list) and any(isinstance(entry, dict) for entry in config):
        config = {str(number): entry for number, entry in enumerate(config)}
    if isinstance(config, dict):
        for name, value in config.items():
            yield from _leaves(value, f"{key}.{name}")
    else:
        yield key, canonical_json(config)


def _other_texts(first: FinishedRun, second: FinishedRun, *, same_model: bool) -> bool:
    """Say whether the same rule gave its models other texts.

    Texts about classes are the same for every model. Of a language model's, the wording is compared, and only between
    runs of one model: another model may have turns where this one has none. The last text is the first prompt as the
    model read it, which other candidates change, too.
    """
    digests = [run.result.get("notes", {}).get("prompts") for run in (first, second)]
    if all(isinstance(each, dict) for each in digests):
        return bool(digests[0] != digests[1])
    texts = [Store(run.folder, "").prompts() for run in (first, second)]
    return same_model and all(texts) and texts[0][:-1] != texts[1][:-1]
