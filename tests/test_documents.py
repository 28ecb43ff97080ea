"""The library: who sees what is shared, and finds it again."""

from __future__ import annotations

from cast import forges, shares
from story import Person, Stage, buttons, written

from handlers.documents.card import GetFile
from handlers.documents.library import Found
from handlers.presses import OpenDocument

FILE = {"file_name": "paper.pdf", "mime_type": "application/pdf", "content_b64": "JVBERi0xLjQ="}


async def finds(person: Person, words: str, *titles: str) -> None:
    """Search, and see exactly these titles."""
    await person.says(words)
    answer = await person.sees(f"“\u2068{words}\u2069”")
    for title in titles:
        assert title in written(answer), (words, written(answer))
    assert sum(label in "①②③④⑤" for label in buttons(answer)) == len(titles), written(answer)


async def test_amber_does_not_exist_for_other_organisations(stage: Stage) -> None:
    source = await stage.joined(50, "Source", organisation="Institute A")
    colleague = await stage.joined(51, "Colleague", organisation="institute  a")
    other = await stage.joined(52, "Other", organisation="Institute B")
    async with stage.bot():
        await shares(source, "Draft contact list", "TLP:AMBER", document=FILE)
        token = (await stage.rows("SELECT token FROM document"))[0][0]
        await finds(colleague, "contact", "Draft contact list")
        await colleague.taps("①")
        card = await colleague.sees("Draft contact list", "Shared by", "Institute A")
        assert written(card).startswith("TLP:AMBER")
        assert "Get the file, 1 kB" in buttons(card)
        await colleague.taps("Get the file")
        copy = await colleague.sees("TLP:AMBER", "Draft contact list")
        assert copy["document"]["file_name"] == "paper.pdf"
        assert copy["has_protected_content"]

        await other.says("/start")
        await other.sees("Test network")
        await finds(other, "contact")
        await other.sees("Nothing was found")
        await other.says("/library")
        await other.sees("Nothing is here yet")
        for payload in (f"doc_{token}", "doc_unknown"):
            await other.starts(payload)
            await other.sees("This link does not lead anywhere now")
        for press in (OpenDocument(1), GetFile(1), OpenDocument(2)):
            await forges(other, press)
            await other.sees("There is no such document")
        await forges(other, Found(0, "", "contact"))
        await other.sees("Nothing was found")
        await forges(other, Found(0, "t3", ""))
        await other.sees("Nothing is here. Lift")
        await shares(other, "Our own copy", "TLP:GREEN", document=FILE)
        await finds(source, "copy", "Our own copy")

        await colleague.taps("Get the file")
        await colleague.sees("TLP:AMBER")
    assert all("Draft contact" not in written(m) for m in other.seen.values())
