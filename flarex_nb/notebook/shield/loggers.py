"""The HTTP libraries' own loggers, whatever wire a person's other code uses: URLs masked, header dumps switched off.

Needed where a record goes past the streams, to a file: what goes to a stream is masked there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flarex_nb.vault.redact import Masker

QUIET: Final = ("httpcore", "hpack")
"""Loggers whose DEBUG records hold the headers of requests or answers whole."""

MASKED: Final = ("httpx", "urllib3.connectionpool")
"""Loggers that write URLs with their query."""


class LoggerGuard:
    """Keeps values out of those loggers' records."""

    name = "loggers"

    def __init__(self, masks: Masker) -> None:
        """Mask with these."""
        self._masks = masks
        self._quieted: list[str] = []

    def put_on(self) -> None:
        """Raise the level where none was chosen, and look through the records of the others."""
        for name in QUIET:
            logger = logging.getLogger(name)
            if logger.level == logging.NOTSET:
                logger.setLevel(logging.WARNING)
                self._quieted.append(name)
        for name in MASKED:
            logging.getLogger(name).addFilter(self._masked)

    def take_off(self) -> None:
        """Leave the loggers as they were."""
        for name in self._quieted:
            if logging.getLogger(name).level == logging.WARNING:
                logging.getLogger(name).setLevel(logging.NOTSET)
        self._quieted.clear()
        for name in MASKED:
            logging.getLogger(name).removeFilter(self._masked)

    def _masked(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = self._masks(text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True
