from tests.metrics.examples.nervaluate import example, perfect

ALSO = ["nervaluate-missed(mode=type,label=place)"]
BLIND = {"*"}
TOTALS = {f"nervaluate-{count}" for count in ("correct", "incorrect", "partial", "missed", "spurious")}

__all__ = ["example", "perfect"]
