"""Zero-shot benchmarks: one command, every paper's protocol."""

__version__ = "0.1.0"
