"""When a metric that is worse than its baseline fails.

With the loss L (what the metric lost against the baseline, in the bad direction), the 95 % interval of L from the
paired comparison of the same items, and a tolerance T:

    mode        fails when
    tolerance   L is larger than T
    noise       the interval of L lies wholly above 0
    either      tolerance or noise says so
    both        the interval of L lies wholly above T: the loss is larger than T, and surely so

An interval that fewer than `LEAST_UNITS` items (or clusters of them) gave is no evidence of anything.
`either` without a tolerance is `noise`, and so is `both`. Losses that are rounding are none: other processors add the
same numbers up in another order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from zsbench.core import yamlio
from zsbench.core.errors import UserError, unknown_name
from zsbench.metrics import naming

Mode = Literal["tolerance", "noise", "either", "both"]
MODES: tuple[Mode, ...] = get_args(Mode)

LEAST_UNITS = 6
"""Items, or clusters of them, below which no difference is sure: the exact sign flips of five that all became worse
have p = 2 / 2^5 = 0.0625, those of six 0.031."""

ROUNDING = 1e-5
"""Of a share, or of a value in another unit relative to itself: 0.001 percent points."""


def rounding(unit: str, *values: float) -> float:
    """Return the largest difference between values of a unit that is rounding."""
    return ROUNDING if unit == "%" else ROUNDING * max(abs(value) for value in values)


@dataclass(frozen=True)
class Tolerances:
    """How much worse a metric may be, in its unit as tables show it: percent points for shares.

    Attributes
    ----------
    default : for metrics that are not named; None where nothing is tolerated or forbidden by number.
    of_metric : by canonical name.
    of_row : by (canonical name, task).
    """

    default: float | None = None
    of_metric: Mapping[str, float] = field(default_factory=dict)
    of_row: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def of(self, metric: str, task: str, unit: str) -> float | None:
        """Return the tolerance of a metric as results hold values: shares are 0-1."""
        chosen = self.of_row.get((metric, task), self.of_metric.get(metric, self.default))
        return chosen if chosen is None or unit != "%" else chosen / 100


@dataclass(frozen=True)
class Rule:
    """A mode and its tolerances."""

    mode: Mode = "either"
    tolerances: Tolerances = Tolerances()

    def __str__(self) -> str:
        """Say what fails, for the end of a table."""
        default = self.tolerances.default
        given = [] if default is None else [f"tolerance {default:g} in the metric's unit"]
        given += ["tolerances of their own"] if self.tolerances.of_metric or self.tolerances.of_row else []
        return ", ".join([f"mode {self.mode}", *(given if self.mode != "noise" else [])])

    def require_complete(self, known: Iterable[tuple[str, str]]) -> None:
        """Refuse a mode that would let a metric pass unseen.

        Raises
        ------
        UserError
            Only tolerances count, and a metric has none.
        """
        if self.mode != "tolerance":
            return
        lacking = [metric for metric, task in known if self.tolerances.of(metric, task, "") is None]
        if lacking:
            listed = ", ".join(dict.fromkeys(lacking))
            raise UserError("--tolerance", f"no tolerance for {listed}", "one for every metric, or a default:")

    def failure(self, loss: float, low: float, tolerance: float | None, slack: float) -> str:
        """Return why a loss fails, or an empty text.

        Parameters
        ----------
        loss : in the bad direction, positive when worse.
        low : the lower end of its interval; NaN where there is none, or where it comes of few items.
        tolerance : in the same unit, or None.
        slack : what is rounding: a loss of exactly the tolerance is tolerated.
        """
        is_beyond = tolerance is not None and loss > tolerance + slack
        is_sure = loss > slack and low > 0
        if self.mode == "both":
            # An interval that only touches the tolerance is not beyond it.
            is_sure = is_sure and low > (tolerance + slack if tolerance else 0.0)
            return ("surely beyond the tolerance" if tolerance else "beyond noise") if is_sure else ""
        reasons = ["beyond the tolerance"] if is_beyond and self.mode != "noise" else []
        reasons += ["beyond noise"] if is_sure and self.mode != "tolerance" else []
        return " and ".join(reasons)


def tolerances(text: str | None, known: Iterable[tuple[str, str]]) -> Tolerances:
    """Return what `--tolerance` says: a number, or a YAML file with one a metric.

    Parameters
    ----------
    text : a number in the metric's unit, the path of a file, or None.
    known : (metric, task) of everything that is checked.

    Raises
    ------
    UserError
        Neither a number nor a file; a negative number; a metric or task that is not checked.
    """
    if text is None:
        return Tolerances()
    try:
        number = float(text)
    except ValueError:
        if not text.endswith((".yaml", ".yml")):
            expected = "a number (0.5: half a percent point), or a YAML file with one a metric"
            raise UserError(f"--tolerance {text}", "not a number", expected) from None
        return _from_file(Path(text), list(known))
    return Tolerances(_sound(number, f"--tolerance {text}"))


def _sound(value: object, where: str) -> float:
    """Return a number that can be a tolerance.

    Raises
    ------
    UserError
        It is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise UserError(where, f"{value!r}", "a number that is not negative, in the metric's unit")
    return float(value)


def _from_file(path: Path, known: list[tuple[str, str]]) -> Tolerances:
    """Return the tolerances of a YAML file: `default: 0.5`, and `metrics: {nDCG@10: 1.0, acc@1 on digits: 0.2}`."""
    document = yamlio.read(path)
    for key in document.value:
        if key not in ("default", "metrics"):
            raise unknown_name(document.where((key,)), "key", key, ("default", "metrics"), listed_by="docs/ci.md")
    default, listed = document.value.get("default"), document.value.get("metrics", {})
    if not isinstance(listed, dict):
        raise UserError(document.where(("metrics",)), "not a mapping", "METRIC: NUMBER, or METRIC on TASK: NUMBER")
    names, tasks = dict.fromkeys(name for name, _ in known), dict.fromkeys(task for _, task in known)
    of_metric, of_row = {}, {}
    for key, value in listed.items():
        where = document.where(("metrics", key))
        written, _, task = key.partition(" on ")
        name = naming.named(written, names)
        if name is None:
            raise unknown_name(where, "checked metric", written, names, listed_by=f"checked: {', '.join(names)}")
        if task and task not in tasks:
            raise unknown_name(where, "checked task", task, tasks, listed_by=f"checked: {', '.join(tasks)}")
        if task:
            of_row[name, task] = _sound(value, where)
        else:
            of_metric[name] = _sound(value, where)
    return Tolerances(None if default is None else _sound(default, document.where(("default",))), of_metric, of_row)
