"""Nominations and invitations: one-time links that open the application form and grant nothing (R-01, R-02)."""

from storage.nominations.redeeming import applied, by_id, drop_old, ended, expire, find, forget, redeem
from storage.nominations.sending import invite, nominate, own, reach, renew, require_room, revoke, sent
from storage.nominations.tables import (
    INVITATIONS,
    LIFETIME,
    Nomination,
    NominationKind,
    NominationState,
    Reach,
    Written,
)

__all__ = [
    "INVITATIONS",
    "LIFETIME",
    "Nomination",
    "NominationKind",
    "NominationState",
    "Reach",
    "Written",
    "applied",
    "by_id",
    "drop_old",
    "ended",
    "expire",
    "find",
    "forget",
    "invite",
    "nominate",
    "own",
    "reach",
    "redeem",
    "renew",
    "require_room",
    "revoke",
    "sent",
]
