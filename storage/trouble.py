"""Trouble: what an error of a driver says about the database itself, whatever the statement was."""

from __future__ import annotations

from sqlalchemy import exc as errors

_TROUBLE = ("08", "25006", "3D", "40", "53", "55", "57", "58")
"""What SQLSTATE begins with where the statement is not to blame; the two drivers raise different exceptions for it."""
_LOST = ("08", "53300", "57P")
_LOCKED = "55P03"
_REFUSING = ("25006", "53100", "53200", _LOCKED)
_BUSY, _LOCKED_FILE, _NOMEM, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _PROTOCOL, _NOTADB = (
    5, 6, 7, 8, 10, 11, 13, 14, 15, 26,
)  # fmt: skip
"""SQLite's primary result codes (sqlite.org/rescode.html): its library is loaded only where it is the engine."""
_REFUSING_FILE = (_BUSY, _LOCKED_FILE, _NOMEM, _READONLY, _IOERR, _FULL, _CANTOPEN, _PROTOCOL)
_DAMAGED_FILE = (_CORRUPT, _NOTADB)
_PRIMARY = 0xFF


def is_trouble(error: BaseException) -> bool:
    """Tell whether the database itself is in trouble: gone, full, locked, read-only, damaged. The rest is a mistake."""
    if is_gone(error) or _state_of(error).startswith(_TROUBLE):
        return True
    return isinstance(error, (errors.OperationalError, errors.InterfaceError, errors.TimeoutError, OSError))


def is_gone(error: BaseException) -> bool:
    """Tell whether the database certainly took no work at all just then: no statement can be to blame."""
    if isinstance(error, errors.DBAPIError) and (error.connection_invalidated or _says_the_driver_alone(error)):
        return True
    return _state_of(error).startswith(_LOST) or is_refusing(error) or is_damaged(error)


def is_refusing(error: BaseException) -> bool:
    """Tell whether the database answers and cannot write: it is locked, full or read-only. It may well be readable."""
    return _state_of(error).startswith(_REFUSING) or _code_of(error) in _REFUSING_FILE


def is_locked(error: BaseException) -> bool:
    """Tell whether somebody else holds what a server was asked to lock, for longer than was to be waited."""
    return _state_of(error) == _LOCKED


def is_damaged(error: BaseException) -> bool:
    """Tell whether the file of the database is no longer what SQLite wrote: it gets no better by waiting."""
    return _code_of(error) in _DAMAGED_FILE


def cause_of(error: BaseException) -> str:
    """Return the first line of what the database itself said, without SQL and without values."""
    told = str(getattr(error, "orig", error)).strip()
    return told.splitlines()[0] if told else type(error).__name__


def _says_the_driver_alone(error: errors.DBAPIError) -> bool:
    """Tell whether a server's driver lost its connection, even while it was made: such an error has no SQLSTATE."""
    lost = isinstance(error, (errors.OperationalError, errors.InternalError)) and _state_of(error) == "None"
    return lost and _code_of(error) is None


def _state_of(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None))


def _code_of(error: BaseException) -> int | None:
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY
