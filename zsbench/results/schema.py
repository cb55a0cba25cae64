"""The schema of result.json: what each field means. Fields may be added; these stay."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError


class Metric(BaseModel):
    """One metric of a run."""

    value: FiniteFloat | None = Field(description="0-1 for unit %, else in its unit; null when undefined")
    low: FiniteFloat | None = Field(description="lower end of the interval")
    high: FiniteFloat | None = Field(description="upper end of the interval")
    unit: str = Field(description="% (stored 0-1), m, 1/m or empty")
    n: int = Field(description="items behind the value")
    interval: str = Field(description="wilson, bootstrap(B=..., seed=..., clusters=...) or undefined")
    better: str = Field(description="higher or lower")
    note: str = Field(default="", description="what keeps the interval from covering as often as it claims")


class Clusters(BaseModel):
    """What several items come from, so that they are alike."""

    unit: str = Field(description="what one is, in the singular: image, document, scene")
    n: int = Field(description="how many there are")


class Result(BaseModel):
    """One run: a task, a model and a method."""

    model_config = ConfigDict(extra="allow")

    schema_version: int = Field(description="raised when a field changes its meaning")
    task: str = Field(description="name of the task")
    task_type: str = Field(description="type of the task")
    model: str = Field(description="name of the model, or none")
    method: str = Field(description="name or label of the method")
    synthetic: bool = Field(description="whether the data is synthetic")
    protocol: str = Field(description="choices that make numbers comparable; rows of different protocols are not")
    method_kind: str = Field(description="inductive or transductive")
    method_uses: list[str] = Field(description="what the method uses beyond the item (support set, test set, ...)")
    n_items: int = Field(description="items of the task")
    counts: dict[str, int] = Field(description="what was dropped, cut or missing, by name")
    clusters: Clusters | None = Field(
        default=None, description="what intervals draw whole; absent where it is the item"
    )
    metrics: dict[str, Metric] = Field(description="by the name written in the YAML")
    cost: dict[str, float] = Field(description="forward passes, tokens, images, peak memory in MB")
    config: dict[str, Any] = Field(description="the resolved config")
    config_hash: str = Field(description="digest of config and zsbench version")
    question: str = Field(default="", description="digest of config and of the places its paths lead to")
    code: str = Field(default="", description="digest of the code of task, source, method, adapter and metrics")
    test_fingerprint: str = Field(default="", description="digest of the test items' ids and gold")
    data_fingerprint: str = Field(description="digest of inputs and gold; runs compare only when it agrees")
    model_fingerprint: str = Field(description="digest of weights, preprocessing and precision")
    spread: dict[str, FiniteFloat | None] = Field(
        default={}, description="of an average: standard deviation over its tasks, as a population and as a sample"
    )
    notes: dict[str, Any] = Field(default={}, description="choices made on the way: searched parameters, warnings")
    inputs: list[dict[str, Any]] = Field(description="local files: path, size, time stamp, digest")
    seeds: dict[str, int] = Field(description="every seed that was used")
    versions: dict[str, str] = Field(description="packages that can move a number")
    commit: str = Field(description="zsbench's own commit, when run from a checkout")
    device: str = Field(description="where the model ran")
    dtype: str = Field(description="precision of the model")
    started: str = Field(description="UTC, ISO 8601")
    seconds: float = Field(description="wall time of this run, without what an earlier one had done")


# What every result of any age holds; rows over several tasks hold few of the others.
NEEDED = {"schema_version", "task", "model", "method", "metrics"}


def problem(result: Any) -> str:
    """Return what keeps a value read from JSON from being a result, or an empty string."""
    if not isinstance(result, dict):
        return "not a JSON object"
    if _plainly_sound(result):
        return ""
    try:
        Result.model_validate(result, strict=True)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            place = item["loc"]
            if item["type"] != "missing" or len(place) > 1 or place[0] in NEEDED:
                return f"'{'.'.join(str(part) for part in place)}': {item['msg'][0].lower()}{item['msg'][1:]}"
    return ""


def _numbers(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds and (type(value) is not float or isfinite(value))


_number, _number_or_none = _numbers(int, float), _numbers(int, float, type(None))
_METRIC: dict[str, Callable[[Any], bool]] = {
    "value": _number_or_none,
    "low": _number_or_none,
    "high": _number_or_none,
    "unit": lambda value: type(value) is str,
    "n": lambda value: type(value) is int,
    "interval": lambda value: type(value) is str,
    "better": lambda value: type(value) is str,
}
_CHECKS: dict[Any, Callable[[Any], bool]] = {
    str: lambda value: type(value) is str,
    int: lambda value: type(value) is int,
    bool: lambda value: type(value) is bool,
    float: _number,
    list[str]: lambda value: type(value) is list and all(type(each) is str for each in value),
    list[dict[str, Any]]: lambda value: type(value) is list and all(type(each) is dict for each in value),
    dict[str, Any]: lambda value: type(value) is dict,
    dict[str, str]: lambda value: type(value) is dict and all(type(each) is str for each in value.values()),
    dict[str, int]: lambda value: type(value) is dict and all(type(each) is int for each in value.values()),
    dict[str, float]: lambda value: type(value) is dict and all(map(_number, value.values())),
    dict[str, Metric]: lambda value: type(value) is dict and all(map(_is_metric, value.values())),
}
_FIELDS = {name: _CHECKS.get(field.annotation) for name, field in Result.model_fields.items()}
_FIELDS["spread"] = lambda value: type(value) is dict and all(map(_number_or_none, value.values()))


def _plainly_sound(result: dict[str, Any]) -> bool:
    """Say whether every field is there and of its type, in a tenth of pydantic's time; in doubt it answers no.

    Ten thousand results are read in one command, and nearly all of them are sound.
    """
    for name, check in _FIELDS.items():
        if name in result:
            if check is None or not check(result[name]):
                return False
        elif name in NEEDED:
            return False
    return True


def _is_metric(score: Any) -> bool:
    return (
        type(score) is dict
        and all(name in score and check(score[name]) for name, check in _METRIC.items())
        and type(score.get("note", "")) is str
    )
