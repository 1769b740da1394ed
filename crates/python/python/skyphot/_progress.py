"""Progress on the terminal."""

from __future__ import annotations

import sys
import threading
from importlib.util import find_spec
from typing import Any


class Progress:
    """Counts to a total: a bar of tqdm where it is installed, else a counter on standard error.

    Parameters
    ----------
    total : int or None
        Where it ends, if that is known.
    shown : bool
        Whether anything is written.
    title : str
        What is counted.
    """

    def __init__(self, total: int | None, shown: bool, title: str) -> None:
        self._total, self._title, self._done = total, title, 0
        self._lock = threading.Lock()
        self._bar: Any = None
        self._plain = False
        if not shown:
            return
        if find_spec("tqdm") is not None:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=total, desc=title)
        else:
            self._plain = True

    def to(self, done: int, total: int | None = None) -> None:
        """So many are done; a smaller number than before begins another round."""
        with self._lock:
            if total is not None and total != self._total:
                self._total = total
                if self._bar is not None:
                    self._bar.reset(total=total)
            if self._bar is not None:
                self._bar.n = done
                self._bar.refresh()
            elif self._plain and done != self._done:
                of = "" if self._total is None else f"/{self._total}"
                sys.stderr.write(f"\r{self._title}: {done}{of}")
                sys.stderr.flush()
            self._done = done

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._plain:
            sys.stderr.write("\n")
            sys.stderr.flush()
