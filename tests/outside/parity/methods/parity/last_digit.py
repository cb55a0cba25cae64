"""A number is as odd as its last digit."""

from collections.abc import Callable, Sequence

from zsbench.config.components import method
from zsbench.config.options import AnyFloat

from ..._records import DigitScorer, Number


@method(family="parity", needs=(DigitScorer,))
def last_digit(*, threshold: AnyFloat = 0.0) -> Callable[[DigitScorer, Sequence[Number]], list[str]]:
    """Odd where the model's score lies above the threshold."""

    def rule(model: DigitScorer, numbers: Sequence[Number]) -> list[str]:
        scores = model.oddness([number.value % 10 for number in numbers])
        return ["odd" if score > threshold else "even" for score in scores]

    return rule
