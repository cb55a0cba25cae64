"""`zsbench bound`: PAC-Bayes bounds on the test error of prompts, beside the errors that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._screen import say, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def bound(
    results: Annotated[list[Path], typer.Argument(help="Results on the split that the prompts were chosen with.")],
    test: Annotated[
        list[Path] | None, typer.Option(help="Results on the test split, to show beside. Repeatable.")
    ] = None,
    prior: Annotated[str, typer.Option(help="uniform, or a language model: a name or a YAML file.")] = "uniform",
    prompts: Annotated[
        Path | None, typer.Option(help="JSON {class: prompt or prompts}, where a result does not tell them.")
    ] = None,
    delta: Annotated[float, typer.Option(min=1e-12, max=0.999999, help="Probability that a bound fails.")] = 0.01,
    chosen_on: Annotated[
        bool, typer.Option("--chosen-on", help="The data are those of the choice, though they don't say `train`.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Bound the test error of prompts from their error on the training split."""
    from zsbench.analysis import prompt_bounds

    trained, tested = _tasks(results), _tasks(test or [])
    texts = prompt_bounds.read_prompts(prompts) if prompts else None
    cost = _prior(prior)
    rows = prompt_bounds.rows(trained, tested, cost, texts=texts, delta=delta, chosen_on=chosen_on)
    lacking = prompt_bounds.unmatched(rows, tested)
    if lacking:
        say(lacking, error=True)
    if json:
        say(prompt_bounds.to_json(rows, prior=prior, delta=delta), data=True)
        return
    show(prompt_bounds.to_rich(rows, prior=prior, delta=delta))


def _tasks(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the results in the folders, without rows over several tasks, which have no prompts of their own."""
    from zsbench.core.errors import UserError
    from zsbench.results.finished_run import AVERAGE
    from zsbench.results.store import find_results

    found = [result for folder in folders for result in find_results(folder) if result.get("task_type") != AVERAGE]
    if folders and not found:
        raise UserError(str(folders[0]), "averages alone", "the results of tasks")
    return found


def _prior(name: str) -> Callable[[Sequence[str], dict[str, Any]], float]:
    """Return what gives the KL of texts of a result: the uniform prior, or a language model loaded once."""
    from zsbench.analysis import prompt_prior

    if name == "uniform":
        return prompt_prior.uniform_kl
    from zsbench.config.models import named
    from zsbench.models.capabilities import TextScorer

    model = named(name, TextScorer, where="--prior")[0].build()
    return lambda texts, _result: prompt_prior.lm_kl(texts, model)
