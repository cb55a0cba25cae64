"""No prompt of a shipped config changes unseen: every one is compared with `tests/snapshots/prompts.json`.

After a change that is meant, run `python -m tests.test_prompts` and read the diff: a changed line is a changed score,
which belongs into the changelog and raises the task's `version`.
"""

import json
from pathlib import Path

from zsbench.config import catalog
from zsbench.config.paths import unset_variables
from zsbench.core.errors import UserError
from zsbench.core.records import digest
from zsbench.core.templates import fill_class
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.tasks.base import read_names

SNAPSHOT = Path(__file__).parent / "snapshots" / "prompts.json"


def shown(job, part):
    """Return what `zsbench show` says of a method's prompt on a task, or an empty string."""
    describe = getattr(catalog.load_module("methods", part.name), "describe_prompt", None)
    task = job.task.model_dump(exclude={*type(job.task).data_keys, "data"})
    return "" if describe is None else describe(part.options, task)


def classes(job):
    """Return every template with every class of a task whose names stand in its YAML or in a file beside it."""
    names = getattr(job.task, "classes", None)
    if isinstance(names, str) and "$" in names:
        return []
    if isinstance(names, dict):
        names = list(dict.fromkeys(names.values()))
    names = read_names(names, job.source.base, job.source.where) or []
    return [fill_class(template, name) for name in names for template in getattr(job.task, "templates", None) or []]


def prompts():
    """Return {task and method: digest of the exact prompts} over everything that is shipped."""
    names = [*catalog.configs("suites"), *(f"papers/{n}" for n in catalog.configs("papers")), *catalog.configs("tasks")]
    found = {}
    with unset_variables():
        for name in names:
            wanted = [Choices()] if not name.startswith("papers/") else [Choices(), Choices(embedded=True)]
            for choices in wanted:
                try:
                    jobs = planning.make(name, choices).jobs
                except UserError:
                    # A task alone whose default method needs a model: its suites and papers have the model.
                    continue
                for job in jobs:
                    if own := classes(job):
                        found[f"{job.task_name}: classes"] = digest(own)
                    for part in job.method.parts:
                        if text := shown(job, part):
                            key = json.dumps({k: v for k, v in part.described().items() if k != "name"}, sort_keys=True)
                            found[f"{job.task_name}: {part.name} {digest([key])[:8]}"] = digest([text])
    return dict(sorted(found.items()))


def test_no_shipped_prompt_changed_unseen(monkeypatch):
    for variable in ("ZSBENCH_DATA", "ZSBENCH_RUNS"):
        monkeypatch.delenv(variable, raising=False)
    expected, found = json.loads(SNAPSHOT.read_text()), prompts()
    changed = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
    assert not changed, f"{len(changed)} prompts differ (first: {changed[:5]}); see the top of this file"


if __name__ == "__main__":
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(json.dumps(prompts(), indent=1) + "\n")
