"""Announcements that have arrived: composed by an administrator and sent, for stories of what readers do with them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from announcers import drafts, leaves
from cast import alters, forges
from story import Person, Stage

from handlers.announcements.presses import OpenDraft
from storage.announcements import EVERYBODY

TEXT = "Please <read> & reply by Friday: form"
LINK = [
    {"type": "bold", "offset": 0, "length": 6},
    {"type": "text_link", "offset": 33, "length": 4, "url": "https://example.org/f?a=1&b=2"},
]


async def announces(
    stage: Stage,
    author: Person,
    title: str,
    label: str = "TLP:GREEN",
    *,
    by: datetime | None = None,
    poll: dict[str, Any] | None = None,
    **facts: Any,
) -> int:
    """Announce something to everybody, and let it leave; `by` is when it is to be acknowledged, `facts` are columns."""
    await drafts(author, title, TEXT, label=label, entities=LINK)
    number = int((await stage.rows("SELECT max(id) FROM announcement"))[0][0])
    meant = facts.pop("audience", EVERYBODY.facts())
    facts |= {"audience": json.dumps(meant), "poll": None if poll is None else json.dumps(poll)}
    if by is not None:
        facts["acknowledge_by"] = by.isoformat(" ", "microseconds")[:26]
    for column, value in facts.items():
        said = "NULL" if value is None else f"'{value}'"
        await alters(stage, f"UPDATE announcement SET {column} = {said} WHERE id = {number}")  # noqa: S608 - our own
    await forges(author, OpenDraft(number))
    await author.sees("It will be sent to")
    await author.taps("Send")
    await author.sees("being sent")
    await arrives(stage)
    return number


async def arrives(stage: Stage) -> None:
    """Let what was sent leave, and its progress be kept."""
    await leaves(stage)
    await stage.settled("notice = 'announcement:text'")
    await stage.control.post("/clock", advance=3)
    while (await stage.rows("SELECT count(*) FROM announcement WHERE state = 'sending'"))[0][0]:
        await stage.settled("FALSE")


async def code_of(stage: Stage, number: int) -> str:
    """Return the code of an announcement as its readers see it."""
    ((code,),) = await stage.rows("SELECT code FROM announcement WHERE id = :n", n=number)
    return f"{code[:4]}-{code[4:]}"
