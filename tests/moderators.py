"""The people of moderation's stories, and what several of these stories do alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cast import MEDIA, administrators, alters, goes, stands_at
from cast import forges as presses
from gatherings import forum, inside, threads
from record import goes_on
from story import Person, Stage

from handlers.buttons import Press
from handlers.posts.reading import OpenPost
from storage.members import Office, Role

TUESDAY = "2026-11-24T06:00:00+00:00"


@dataclass
class Cast:
    """Who is on stage: two administrators, the lead of the media, an author and members."""

    first: Person
    second: Person
    lead: Person
    author: Person
    reader: Person
    follower: Person
    point: Person


async def everybody(stage: Stage) -> Cast:
    """Bring everybody on stage; the follower follows the media live."""
    await stands_at(stage, datetime.fromisoformat(TUESDAY))
    first, second = await administrators(stage)
    lead = await stage.joined(40, "Aida Lead", roles=[Office(Role.MODERATOR, topic_id=MEDIA)], topics=["media"])
    author = await stage.joined(50, "Saltanat Demo", topics=["media"])
    reader = await stage.joined(51, "Reader Demo", topics=["media"])
    follower = await stage.joined(52, "Follower Demo", topics=["media"])
    await alters(stage, "UPDATE subscription SET level = 'live' WHERE member_id = 6")
    seat = Office(Role.FOCAL_POINT, country="KZ")
    point = await stage.joined(53, "Focal Demo", topics=["media"], roles=[seat])
    return Cast(first, second, lead, author, reader, follower, point)


async def recorded(stage: Stage, count: int = 1) -> None:
    """Wait until so many posts are kept."""
    await holds(stage, "SELECT count(*) FROM post", count)


async def holds(stage: Stage, question: str, answer: Any) -> None:
    """Wait until a question to the database has this answer."""
    for _ in range(300):
        if (await stage.rows(question))[0][0] == answer:
            return
        await goes_on(stage.control)
    raise AssertionError(f"{question}: {await stage.rows(question)}")


async def speaks(stage: Stage, cast: Cast, words: str, *members: Person) -> tuple[int, int, dict[str, Any]]:
    """Found a forum and let the author say something in the media's thread; return group, thread and message."""
    group = await forum(stage, cast.first, cast.author, *members)
    thread = (await threads(stage))["media"]
    said = await inside(cast.author, group).sends(text=words, message_thread_id=thread)
    await recorded(stage)
    return group, thread, said


async def forges(person: Person, press: Press) -> None:
    """Press a button that stands nowhere, on a menu."""
    await person.says("/help")
    await person.sees("What you can do here")
    await presses(person, press)


async def reports(person: Person, why: str, post: int = 1) -> None:
    """Report a post with the button under it."""
    await forges(person, OpenPost(post))
    await person.sees("Media and communication")
    await goes(person, "Report", "Why do you report this post?")
    await goes(person, why.capitalize(), "Thank you, the moderators see it")
