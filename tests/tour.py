"""A tour of the product: an administrator and a newcomer press and write what there is, and every screen is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from record import Json, calls, comes, last, replies, written_in
from story import Person, Stage, buttons

from bot.seed import plant
from handlers.language import Say
from storage.members import Role

FAREWELLS = ("1|erase|1", "1|leave|1")
OFTEN, EACH_KIND = 1, {"1|open": 20, "1|begin": 5, "1|lang": 0, "1|lib": 2}
"""How many buttons of a kind are pressed."""
SHOWING = ("sendMessage", "editMessageText", "sendDocument")


@dataclass(frozen=True)
class Shown:
    """One screen as it was sent."""

    method: str
    parameters: Json

    @property
    def text(self) -> str:
        return str(self.parameters.get("text") or self.parameters.get("caption") or "")

    @property
    def rows(self) -> list[list[Json]]:
        markup: Json = self.parameters.get("reply_markup") or {}
        return list(markup.get("inline_keyboard", []))

    @property
    def buttons(self) -> list[Json]:
        return [button for row in self.rows for button in row]


async def planted(stage: Stage) -> None:
    """Put the documents and events of the demonstration in place."""
    async with stage.beside() as database:
        await plant(database, datetime.now(UTC), people=True)


async def tour(stage: Stage, language: str) -> list[Shown]:
    """Walk through everything in one language and return every screen that was shown on the way."""
    guide = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR], language=language)
    newcomer = await stage.person(60, "Saltanat", language)
    await planted(stage)
    say = Say(language)
    async with stage.bot():
        await _applies(newcomer, say)
        await _declines_and_thinks_better_of_it(guide, say)
        await _announces(guide, say)
        await _shares(guide, say)
        await _presses_everything(guide)
        made = await calls(stage.control, *SHOWING)
    return [Shown(call["method"], call["parameters"]) for call in made if call["status"] == 200]


async def _applies(newcomer: Person, say: Say) -> None:
    await newcomer.starts()
    for label in (say.own_name, say("Apply"), say("Accept")):
        await newcomer.taps(label)
    await newcomer.sees(say("Your full name, as you write it?"))
    await newcomer.says("Saltanat Demo")
    await newcomer.says("Demo Institute")
    for label in (say("Academia"), say.country("KZ"), say("Skip")):
        await newcomer.taps(label)
    await newcomer.sees(say("What do you work on, and who in the network knows you? Only the reviewers read it."))
    await newcomer.says("Media training")
    for label in (say("Submit"), say("See my application")):
        await newcomer.taps(label)


async def _declines_and_thinks_better_of_it(guide: Person, say: Say) -> None:
    await guide.taps(say("Decline"))
    await guide.taps(say("Not now"))
    await guide.sees(say("Please read it once more. Nothing is sent before you submit."))
    await guide.taps(say("Cancel"))
    await guide.sees("A-1")


async def _announces(guide: Person, say: Say) -> None:
    await guide.says("/announce")
    await guide.sees(say("In which language do you write?"))
    await guide.taps({"en": "English", "ru": "Русский"}[say.language])
    for turn, words in (("· 2 ", "Annual re-validation"), ("· 3 ", "It is open until <15 December>.")):
        await guide.sees(turn)
        await guide.says(words)
    await guide.taps("TLP:GREEN")
    await guide.sees("N-2", "<15 December>")
    for label in ("Audience", "Everybody", "Back", "Schedule"):
        await guide.taps(say(label))
    await guide.taps(say("Confirm: {n} d", n=7))
    for label in ("Back", "Preview", "Back", "Send", "Pause", "Resume", "Undo", "Edit", "Discard"):
        await guide.taps(say(label))
    await guide.sees(say("The draft was discarded."))


async def _shares(guide: Person, say: Say) -> None:
    await guide.says("/share https://example.org/paper")
    topic = {"en": "Media and communication", "ru": "СМИ и коммуникация"}[say.language]
    for label in ("TLP:GREEN", topic):
        await guide.taps(label)
    await guide.says("Reporting with care")
    await _edits_everything(guide, say)
    await guide.taps(say("Confirm and share"))
    await guide.sees("D-")


async def _edits_everything(guide: Person, say: Say) -> None:
    """Look at each question that is asked from the summary only, and come back from it."""
    again = say("Please read it once more. Nothing is shared before you confirm it.")
    summary = await guide.sees(again)
    for label in [label for label in buttons(summary) if label.startswith(say("Edit: {what}", what=""))]:
        await guide.taps(label)
        await guide.sees(f"{say('Share a document')} · ")
        await guide.taps(say("Back"))
        await guide.sees(again)


async def _presses_everything(guide: Person) -> None:
    """Press every kind of button that is found on the way, some of each."""
    await guide.says("/menu")
    await replies(guide)
    waiting, met, kinds = ["1|home", "1|open|settings", "1|open|status"], set(FAREWELLS), Counter[str]()
    while waiting:
        data, before = waiting.pop(0), await last(guide.control)
        met.add(data)
        message = max(m["message_id"] for m in await written_in(guide, guide.id) if m["from"]["is_bot"])
        await guide.does("press", message_id=message, data=data, forge=True)
        await comes(guide.control, "answerCallbackQuery", after=before)
        for call in await calls(guide.control, *SHOWING, after=before):
            for found in (b.get("callback_data") for b in Shown("", call["parameters"]).buttons):
                kind = "|".join(str(found).split("|")[:2])
                if found is not None and found not in met and kinds[kind] < EACH_KIND.get(kind, OFTEN):
                    met.add(found)
                    kinds[kind] += 1
                    waiting.append(found)
    await replies(guide)
