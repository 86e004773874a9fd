"""Of pricemap @VERSION@: connections with the extension where Python's sqlite3 was built without the loading of extensions, as pyenv's and
macOS's are: SQLite calls the extension's entry point itself for each connection that is opened meanwhile."""
from __future__ import annotations

import ctypes
import sqlite3
import threading
from typing import Any

_ENABLE_LOAD_EXTENSION = 1005
_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_lock = threading.Lock()


def _library() -> ctypes.CDLL:
    """The SQLite that sqlite3 calls: what its module is linked with."""
    import _sqlite3
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    if not hasattr(library, "sqlite3_auto_extension"):
        raise RuntimeError("pricemap: the SQLite of this Python's sqlite3 cannot be reached")
    return library


def _allow(library: ctypes.CDLL, db: int, allowed: bool) -> None:
    library.sqlite3_db_config(ctypes.c_void_p(db), ctypes.c_int(_ENABLE_LOAD_EXTENSION), ctypes.c_int(allowed), None)


def connect(path: str, database: Any, *arguments: Any, **options: Any) -> Any:
    library = _library()
    entry = _ENTRY(("sqlite3_pricemap_init", ctypes.CDLL(path)))
    opened = []
    thread = threading.get_ident()

    @_ENTRY
    def begin(db: int, message: int, routines: int) -> int:
        # Another thread may open a connection of its own just now.
        if threading.get_ident() != thread:
            return 0
        opened.append(db)
        return entry(db, message, routines)

    base = options.pop("factory", sqlite3.Connection)

    class Connection(base):
        """Allows itself the loading of extensions for a moment, as enable_load_extension does elsewhere."""

        def _pricemap_allow(self, allowed: bool) -> None:
            self.total_changes  # an error where the connection is closed
            _allow(library, opened[0], allowed)

    with _lock:
        library.sqlite3_auto_extension(begin)
        try:
            return sqlite3.connect(database, *arguments, factory=Connection, **options)
        finally:
            library.sqlite3_cancel_auto_extension(begin)
