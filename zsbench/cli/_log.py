"""What zsbench logs, on the screen: a warning once, everything with `--debug`."""

from __future__ import annotations

import logging

from zsbench.cli._screen import say


class _Screen(logging.Handler):
    """Prints records as messages; a warning that comes again with the same words is not news."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        text = self.format(record)
        if record.levelno < logging.WARNING or text not in self._said:
            self._said.add(text)
            say(text, error=True)


def listen(*, debug: bool) -> None:
    """Show zsbench's warnings, or with `debug` what every library logs and warns of."""
    logging.captureWarnings(True)
    handler = _Screen()
    if debug:
        handler.setLevel(logging.DEBUG)
        handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
        logging.getLogger().setLevel(logging.DEBUG)
        _attach(logging.getLogger(), handler)
    else:
        handler.setFormatter(logging.Formatter("warning: %(message)s"))
        _attach(logging.getLogger("zsbench"), handler)


def _attach(logger: logging.Logger, handler: logging.Handler) -> None:
    for older in [known for known in logger.handlers if isinstance(known, _Screen)]:
        logger.removeHandler(older)
    logger.addHandler(handler)
