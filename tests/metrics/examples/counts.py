from tests.metrics.examples.spans import LABELS, example, perfect

ALSO = ["TP(label=place)", "support(label=thing)"]
BLIND = {"*"}
TOTALS = {"TP", "FP", "FN", "support"}

__all__ = ["LABELS", "example", "perfect"]
