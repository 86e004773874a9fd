"""Parallel map for SQLite, with functions of Python.

    import pricemap
    import shop

    db = pricemap.connect("shop.db")
    pricemap.create_function(db, "raise_price", 1, shop.raise_price)
    db.execute("SELECT key, value FROM parallel_map('prices', 'raise_price(p)')")
"""
from __future__ import annotations

import os
import sys
from typing import Any, Callable

__all__ = ["connect", "create_function", "extension", "load", "whole_chunk"]
__version__ = "@VERSION@"

# Where the extension is from here: beside this file, in a folder that was built, where it was installed.
_PLACES = ("pricemap.so", "../../ext/pricemap.so", "@WAY@/pricemap.so", "@MODULES@/pricemap.so")


def extension() -> str:
    """The path of the extension, pricemap.so: that of $PRICEMAP_EXTENSION, or of the same build or installation."""
    chosen = os.environ.get("PRICEMAP_EXTENSION")
    if chosen:
        return chosen
    here = os.path.dirname(os.path.abspath(__file__))
    for place in _PLACES:
        path = os.path.normpath(os.path.join(here, place))
        if os.path.exists(path):
            return path
    raise FileNotFoundError("pricemap: pricemap.so was not found: set PRICEMAP_EXTENSION to its path")


def _allow(db: Any, allowed: bool) -> None:
    """Allows the connection of sqlite3 or apsw to load extensions, or forbids it."""
    allow = getattr(db, "_pricemap_allow", None) or getattr(db, "enable_load_extension", None) or getattr(
        db, "enableloadextension", None)
    if not allow:
        raise RuntimeError("this Python's sqlite3 was built without the loading of extensions: open the connection with "
                           "pricemap.connect()")
    allow(allowed)


def _is_allowed(db: Any) -> bool:
    """Whether the connection may load extensions: SQLite then looks for the file."""
    try:
        (db.execute if hasattr(db, "execute") else db.cursor().execute)(
            "SELECT load_extension('/nowhere/pricemap-asks-whether-it-may')").fetchall()
    except Exception as error:
        return "not authorized" not in str(error)
    return True


def load(db: Any) -> Any:
    """Loads the extension into a connection of sqlite3 or apsw, which is returned."""
    allowed = _is_allowed(db)
    _allow(db, True)
    try:
        (getattr(db, "load_extension", None) or db.loadextension)(extension())
    finally:
        _allow(db, allowed)
    return db


def connect(database: Any, *arguments: Any, **options: Any) -> Any:
    """A connection as of sqlite3.connect, which takes the same arguments, with the extension loaded. It has one also where
    this Python's sqlite3 was built without the loading of extensions."""
    import sqlite3
    if hasattr(sqlite3.Connection, "enable_load_extension"):
        return load(sqlite3.connect(database, *arguments, **options))
    from . import _without_loading
    return _without_loading.connect(extension(), database, *arguments, **options)


def _target(function: Callable[..., Any]) -> str:
    """The function as a worker process imports it, module:name; a ValueError says why it cannot."""
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if not name or not callable(function):
        raise ValueError("%r has no name that a worker process could import: write a def at the top of a module" % function)
    if name.endswith("<lambda>"):
        raise ValueError("a lambda has no name that a worker process could import: write a def at the top of a module")
    if "<locals>" in name:
        raise ValueError("%s is defined within another function, where a worker process cannot find it: write the def at "
                         "the top of a module" % name)
    if getattr(function, "__self__", None) is not None and not isinstance(function.__self__, type) and not isinstance(
            function.__self__, type(sys)):
        raise ValueError("%s is a method of one object, which a worker process does not have: write a def at the top of a "
                         "module" % name)
    module = module or getattr(getattr(function, "__self__", None), "__name__", None)
    if module == "__main__":
        main = sys.modules["__main__"]
        if getattr(main, "__spec__", None) is None and not os.path.isfile(getattr(main, "__file__", None) or ""):
            raise ValueError("%s was typed in, and is in no file that a worker process could import: write it into a module" %
                             name)
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not function and found != function:
        raise ValueError("%s.%s is another object than this function, which a worker process could not import" %
                         (module, name))
    return "%s:%s" % (module, name)


def whole_chunk(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a function, as a decorator, that workers call once for all rows of a chunk: its arguments are memoryviews of
    int64 or double, one number per row, and it returns a sequence of as many values, an array of numpy for one."""
    function.pricemap_whole_chunk = True  # type: ignore[attr-defined]
    return function


def _by_row(function: Callable[..., Any]) -> Callable[..., Any]:
    """A whole-chunk function as one that sqlite3 calls for each row."""
    from array import array

    def call(*arguments: Any) -> Any:
        for value in arguments:
            if type(value) not in (int, float):
                raise TypeError("a whole-chunk function takes numbers, and an argument is %r" % (value,))
        result = function(*(memoryview(array("d" if type(value) is float else "q", [value])).toreadonly()
                            for value in arguments))
        return (result.tolist() if hasattr(result, "tolist") else list(result))[0]

    return call


def create_function(db: Any, name: str, narg: int, func: Callable[..., Any], *, deterministic: bool = False) -> None:
    """As create_function of sqlite3: SQL may call the function by that name, with narg arguments (-1: any number). Workers
    of parallel_map have it too, and so it has to be one that they can import."""
    target = _target(func)
    called = _by_row(func) if getattr(func, "pricemap_whole_chunk", False) else func
    apsw = getattr(db, "create_scalar_function", None) or getattr(db, "createscalarfunction", None)
    if apsw:
        apsw(name, called, narg, deterministic=deterministic)
    else:
        db.create_function(name, narg, called, deterministic=deterministic)
    allowed = _is_allowed(db)
    _allow(db, True)
    try:
        cursor = db.execute if hasattr(db, "execute") else db.cursor().execute
        cursor("SELECT parallel_map_python(?, ?, ?, ?)", (target, name, narg, int(deterministic))).fetchall()
    finally:
        _allow(db, allowed)
