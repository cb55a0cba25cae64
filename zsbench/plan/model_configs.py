"""A model's YAML, checked by itself, with what it says of the labels that it was trained on."""

from __future__ import annotations

from zsbench.config import catalog, validate
from zsbench.config.blocks import Block
from zsbench.config.modified import model_block
from zsbench.config.schema import ModelConfig
from zsbench.core.errors import UnsetVariable, UserError, UserErrors
from zsbench.core.yamlio import Document
from zsbench.plan.checks import lacking, require_files

_KEY = "familiarity"


def check_model(document: Document) -> Block:
    """Return a model's checked block, with every local file looked at.

    Raises
    ------
    UserError
        An option is wrong, a file is missing, or what `familiarity:` says has a mistake or no effect.
    """
    validate.check(ModelConfig, document)
    block = model_block(document.value, document, ())
    require_files(block)
    part: Document | None = getattr(block, _KEY, None)
    if part is not None:
        _check_training_labels(block, part)
    return block


def _check_training_labels(block: Block, part: Document) -> None:
    """Check `familiarity:` as each type of task does that has a key of this name."""
    types = [catalog.load_module("tasks", name) for name in catalog.components("tasks")]
    takers = [module.Task for module in types if _KEY in module.Config.model_fields]
    if not any(_takes(block, method) for task in takers for method in catalog.methods_of(task.family)):
        families = ", ".join(sorted({task.family for task in takers}))
        found = f"key '{_KEY}' on a model that no method of family {families} takes"
        raise UserError(part.where(()), found, "it on the model that is scored")
    for task in takers:
        labels = task.training_labels(part)
        problems = [each for where, files in labels.files_by_place() for each in lacking(where, files)]
        problems = [problem for problem in problems if not isinstance(problem, UnsetVariable)]
        if problems:
            raise UserErrors(problems)
        labels.require_readable()


def _takes(block: Block, method: str) -> bool:
    """Say whether a model offers all that a method asks of any."""
    needs = catalog.load_component("methods", method).facts.needs  # type: ignore[attr-defined]
    offers = {offer.__name__ for offer in block.facts.offers}
    return bool(needs) and all(need.__name__ in offers for need in needs)
