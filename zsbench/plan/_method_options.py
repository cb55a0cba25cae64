"""What a task's YAML says of its methods (`method_options:`), checked whether or not a method runs."""

from __future__ import annotations

from zsbench.config import catalog, validate
from zsbench.config.components import options_schema, plainly_fit
from zsbench.config.schema import TaskConfig
from zsbench.core.errors import unknown_name


def check(task: TaskConfig, family: str, *, shipped: bool = False) -> None:
    """Refuse a method that there is not, and options that it has not; those it lacks a run may give.

    What stands in zsbench's own configs is left to the tests and to `validate TASK` (`shipped`): importing every method
    that a task has options for would cost each command that reads it.

    Raises
    ------
    UserError
        At the method, or at the option.
    """
    for name, options in task.method_options.items():
        loc = ("method_options", name)
        if not shipped and catalog.is_shipped(task.document.folder(loc)):
            continue
        where, known = task.document.where(loc), catalog.methods_of(family)
        if name not in known:
            raise unknown_name(where, f"method for {family} tasks", name, known, listed_by="zsbench list methods")
        function = catalog.load_component("methods", name, where=where)
        if not plainly_fit(function, options, partly=True):
            validate.check(options_schema(function, partly=True), task.document, loc, options, owner=name)
