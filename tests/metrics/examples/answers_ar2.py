from tests.metrics.examples.answers import example, perfect

__all__ = ["CUT", "example", "perfect"]

CUT = {"MRR_n", "MAP_n", "P_n", "DCG_n", "nDCG_n"}
