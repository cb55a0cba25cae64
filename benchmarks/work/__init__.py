"""One kind of work a file: its data, what zsbench does with them, and the smallest program that does the same.

A file holds

    SIZES = {"images": 5000}                       # what `--size images=1000` changes
    GOAL = 2.0                                     # CPU seconds over those of the smallest program, or None
    def prepare(folder, *, images): ...            # writes the data, once
    def ours() -> list[list[str]]: ...             # command lines, run one after another, each in that folder
    def smallest(folder) -> None: ...              # the same in a program of its own: numpy, pytrec_eval, ...
"""
