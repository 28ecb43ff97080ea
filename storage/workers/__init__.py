"""Workers: the processes that share a database, told living from dead, what only one of them may do, and their talk."""

from storage.workers.roster import (
    Duty,
    Held,
    Living,
    NotOnDutyError,
    Worker,
    beat,
    bury,
    enrol,
    leave,
    living,
    number,
    require,
    take,
)
from storage.workers.session import Session, pass_on

__all__ = [
    "Duty",
    "Held",
    "Living",
    "NotOnDutyError",
    "Session",
    "Worker",
    "beat",
    "bury",
    "enrol",
    "leave",
    "living",
    "number",
    "pass_on",
    "require",
    "take",
]
