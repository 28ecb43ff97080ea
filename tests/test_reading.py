"""Reading: what a file is by its content, what pages and PDFs tell, and that hostile ones cost and reach nothing."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from cast import MEDIA, SOAKED, alters, goes, paper, shelves, stands_at
from papers import COMPOUND, compound, docx, opendocument, pdf, zipped
from record import goes_on
from story import TOKEN, Stage, written
from telegram.ext import ExtBot

from bot.addresses import networks
from bot.reading import pages
from bot.reading.files import Files
from bot.reading.glance import Looker, fetcher_of
from bot.reading.kinds import DANGEROUS, MISMATCH, Told, tell
from bot.reading.pdf import Pdf, Pdfs
from bot.transport import AiohttpRequest, Wire
from handlers.glances import NOTHING_SEEN, Seen
from storage.documents import FILE_LIMIT, Attachment, Draft
from storage.tlp import Label

NOW = datetime(2026, 11, 28, tzinfo=UTC)
HERE = networks(["127.0.0.0/8"])
MP4 = b"\0\0\0\x18ftypisom"
SVG = "<svg xmlns='http://www.w3.org/2000/svg'>%s</svg>"

WELCOME = [
    ("report.pdf", pdf("words"), "pdf"),
    ("report", b"\n\n%PDF-1.7", "pdf"),
    ("a.docx", docx(), "docx"),
    ("a.docx", docx(word__embeddings__chart_dot_xlsx=docx(types=b"spreadsheetml.sheet.main+xml")), "docx"),
    ("a.docx", docx(word__embeddings__formula_dot_bin=compound("Equation Native")), "docx"),
    ("a.xlsx", docx(types=b"spreadsheetml.sheet.main+xml"), "xlsx"),
    ("a.ppsx", docx(types=b"presentationml.slideshow.main+xml"), "pptx"),
    ("a.odt", opendocument("text"), "odt"),
    ("a.ods", opendocument("spreadsheet"), "ods"),
    ("a.odp", opendocument("presentation"), "odp"),
    ("a.epub", zipped({"mimetype": "application/epub+zip"}, stored=True), "epub"),
    ("a.doc", compound("Root Entry", "WordDocument"), "doc"),
    ("a.xls", compound("Workbook") + b"\x85\0\x0e\0\0\0\0\0\0\0\x06\0Sheet1", "xls"),
    ("a.ppt", compound("PowerPoint Document"), "ppt"),
    ("a.rtf", rb"{\rtf1 words}", "rtf"),
    ("a.txt", "слова".encode(), "txt"),
    ("a.txt", "слова".encode("cp1251"), "txt"),
    ("a.txt", "words".encode("utf-16"), "txt"),
    ("table.CSV", b"a;b\n1;2", "csv"),
    ("notes.md", b"# Notes", "md"),
    ("odd.name", b"words", "txt"),
    ("a.jpeg", b"\xff\xd8\xff\xe0", "jpg"),
    ("a.png", b"\x89PNG\r\n\x1a\n", "png"),
    ("a.gif", b"GIF89a", "gif"),
    ("a.webp", b"RIFF\0\0\0\0WEBP", "webp"),
    ("a.heic", b"\0\0\0\x18ftypheic", "heic"),
    ("a.mov", MP4, "mp4"),
    ("a.mp3", b"ID3\x04", "mp3"),
    ("a.html", b"<!DOCTYPE html><html><p>Words</p></html>", "html"),
    ("a.svg", (SVG % "<path d='M0'/>").encode(), "svg"),
    ("empty.txt", b"", None),
]
REFUSED = [
    ("report.pdf", b"MZ\x90\0\x03"),
    ("a.txt", b"\x7fELF\x02"),
    ("a.txt", b"#!/bin/sh\nrm"),
    ("a.pdf", b"\xcf\xfa\xed\xfe\x07"),
    ("a.pdf", b"L\0\0\0\x01\x14\x02\0\0\0"),
    ("a.zip", zipped({"a.txt": "words"})),
    ("a.docx", zipped({"a.txt": "words"})),
    ("a.rar", b"Rar!\x1a\x07\x01\0"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c"),
    ("a.gz", b"\x1f\x8b\x08"),
    ("a.tar", b"name".ljust(257, b"\0") + b"ustar\x0000"),
    ("a.docx", docx(word__vbaProject_dot_bin=b"macros")),
    ("a.docx", docx(types=b"application/vnd.ms-word.document.macroEnabled.main+xml")),
    ("a.docx", docx(types=b"application/vnd.ms-office.vbaProject wordprocessingml.document.main+xml")),
    ("a.xlsx", docx(types=b"spreadsheetml.sheet.main+xml", xl__macrosheets__sheet1_dot_xml="<a/>")),
    ("a.docx", docx(word__embeddings__oleObject1_dot_bin=compound("\x01Ole10Native"))),
    ("a.docx", docx(word__embeddings__oleObject1_dot_bin=b"MZ\x90")),
    ("a.docx", docx(word__embeddings__a_dot_docx=docx(word__vbaProject_dot_bin=b"macros"))),
    ("a.docx", docx(word__media__run_dot_exe=b"words")),
    ("a.docx", docx(word__bomb_dot_xml=b"0" * 20_000_000)),
    ("a.docx", docx()[:-30]),
    ("a.odt", opendocument("text", Basic__Standard__Module1_dot_xml="<a/>")),
    ("a.doc", compound("WordDocument", "Macros")),
    ("a.doc", compound("WordDocument", "_VBA_PROJECT")),
    ("a.docx", compound("EncryptedPackage")),
    ("a.xls", compound("Workbook") + b"\x85\0\x0e\0\0\0\0\0\0\x01\x06\0Macro1"),
    ("a.msi", compound("SummaryInformation")),
    ("a.doc", COMPOUND),
    ("a.rtf", rb"{\rtf1 {\object\objemb{\*\objdata 0105}}}"),
    ("a.html", b"<html><script>run()</script></html>"),
    ("a.txt", b"<script>run()</script>"),
    ("a.html", b"<html><body onload = 'run()'></html>"),
    ("a.svg", (SVG % "<a href='javascript:run()'/>").encode()),
    ("a.bin", bytes(range(256))),
]  # fmt: skip
MISNAMED = [("a.pdf", b"words"), ("a.docx", pdf()), ("a.jpg", b"\x89PNG\r\n\x1a\n"), ("a.txt", docx()), ("a.mp3", MP4)]


@pytest.mark.parametrize(("name", "content", "kind"), WELCOME)
def test_a_file_is_what_its_content_says(name: str, content: bytes, kind: str | None) -> None:
    assert tell(content, name) == Told(kind)


@pytest.mark.parametrize(("name", "content"), REFUSED)
def test_what_runs_or_hides_something_is_refused_whatever_its_name(name: str, content: bytes) -> None:
    assert tell(content, name) == Told(refused=DANGEROUS)


@pytest.mark.parametrize(("name", "content"), MISNAMED)
def test_a_name_of_another_type_is_refused(name: str, content: bytes) -> None:
    assert tell(content, name).refused == MISMATCH


def test_a_page_tells_what_it_says_of_itself_without_the_name_of_its_site() -> None:
    page = """<!doctype html><html lang="ru-RU"><head><!-- <title>Not this</title> --><script>"<title>Nor this"</script>
      <title>Отчёт &amp; выводы | UNODC</title>
      <meta property='og:site_name' content='United Nations Office'><meta name="DC.date" content="issued 2023-05-01">
      <meta content="In short &lt;here&gt;" name=description></head><body><title>Nor this</title>"""
    told = pages.Page("Отчёт & выводы", "United Nations Office", 2023, "ru", "In short <here>")
    assert pages.read(page.encode(), "text/html", "https://www.unodc.org/a") == told
    for charset in ("windows-1251", "utf-8"):
        assert pages.read(page.encode(charset), f"text/html; charset={charset}", "https://unodc.org/") == told
    named = '<meta charset="koi8-r"><meta name="citation_title" content="Права - права"><meta name="citation_language" '
    scholarly = named + 'content="rus"><meta name="citation_publication_date" content="1999/2"><title>x</title>'
    seen = pages.read(scholarly.encode("koi8-r"), "", "https://example.org/")
    assert (seen.title, seen.languages, seen.year) == ("Права - права", "ru", 1999)
    assert pages.read(b"", "text/html; charset=zip", "https://example.org/") == pages.Page()
    for title, told in (
        ("Laws - Borders - UNODC", "Laws - Borders"),
        ("UNODC | Laws", "Laws"),
        ("Laws: all", "Laws: all"),
        ("UNODC", "UNODC"),
    ):
        assert pages.read(f"<title>{title}</title>".encode(), "", "https://www.unodc.org/").title == told


@pytest.mark.parametrize(
    "piece", ["<!--", "<title>", "<meta ", "<meta name='", "<script>", '<html lang="', "<meta a=' ", "&lt"]
)
def test_a_page_without_ends_takes_no_time(piece: str) -> None:
    began = time.process_time()
    pages.read((piece * 600_000)[: pages.LOOKED_AT].encode(), "", "https://example.org/")
    assert time.process_time() - began < 2


async def test_a_pdf_tells_its_title_and_its_text_and_a_hostile_one_nothing() -> None:
    pdfs = Pdfs()
    whole = await pdfs.read(pdf("Border control", title="Microsoft Word - A paper.docx"), wants_text=True)
    assert whole == Pdf("A paper", 2024, "en", 1, "Border control")
    assert (await pdfs.read(pdf("words", headline="Set in large letters"))).title == "Set in large letters"
    circle = pdf("words").replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    for hostile in (b"%PDF-1.4 broken", circle, b"%PDF-1.4\n1 0 obj\n" + b"[" * 1_000_000):
        assert await pdfs.read(hostile) == Pdf()
    began = time.monotonic()
    assert await pdfs.read(pdf("words"), seconds=0.01) == Pdf()
    assert time.monotonic() - began < 5
    assert (await pdfs.read(pdf("after it"), wants_text=True)).text == "after it"


@dataclass
class Site:
    """What lies on a site of this machine; `asked` are the paths that somebody came for."""

    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        moves = {
            "/moved": (301, "/paper"), "/elsewhere": (302, "/paper"), "/inside": (302, "http://10.0.0.5/"),
            "/metadata": (302, "http://169.254.169.254/latest/"), "/file": (302, "file:///etc/passwd"),
        }  # fmt: skip
        if request.path in moves:
            status, there = moves[request.path]
            return web.Response(status=status, headers={"Location": there})
        if request.path == "/paper":
            return web.Response(body=pdf("Kept behind a link", title="A linked paper"), content_type="application/pdf")
        if request.path == "/program":
            return web.Response(body=b"MZ\x90", content_type="application/octet-stream")
        if request.path == "/page":
            return web.Response(text="<title>A page</title><script>run()</script>", content_type="text/html")
        return web.Response(status=404, text="<title>Not found</title>", content_type="text/html")


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    found = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


async def looks_up(host: str, _port: int) -> Sequence[str]:
    return {"inside.example": ["10.0.0.5"], "here.example": ["127.0.0.1"]}[host]


@asynccontextmanager
async def looker(telegram: str = "http://127.0.0.1:9", *, reaches: bool = False) -> AsyncIterator[Looker]:
    wire = Wire(telegram, TOKEN, connections=1)
    bot: ExtBot[None] = ExtBot(
        TOKEN, f"{telegram}/bot", f"{telegram}/file/bot", AiohttpRequest(wire), AiohttpRequest(wire)
    )
    await wire.start()
    try:
        yield Looker(Files(bot), fetcher_of(HERE if reaches else (), lookup=looks_up), Pdfs(), lambda: NOW)
    finally:
        await wire.close()


async def test_a_link_tells_what_lies_behind_it_and_reaches_nothing_within() -> None:
    async with site() as there, looker(reaches=True) as seen, looker() as blind:
        assert await seen.page(f"{there.url}/page") == Seen("A page")
        direct, moved, elsewhere = [await seen.page(f"{there.url}/{path}") for path in ("paper", "moved", "elsewhere")]
        assert (direct.title, direct.year, direct.kind, direct.pages) == ("A linked paper", 2024, "pdf", 1)
        assert (direct.url, moved.url, elsewhere.url) == (None, f"{there.url}/paper", None)
        assert (await seen.page(f"{there.url}/program")).refused == DANGEROUS
        for path in ("missing", "inside", "metadata", "file"):
            assert await seen.page(f"{there.url}/{path}") == NOTHING_SEEN

        there.asked.clear()
        port = there.url.rpartition(":")[2]
        for url in (
            there.url, f"http://localhost:{port}/", f"http://here.example:{port}/", f"http://[::ffff:127.0.0.1]:{port}/",
            "http://2130706433/", "http://inside.example/", "http://192.168.1.1/", "http://169.254.169.254/latest/",
            "http://[fd00::1]/", "http://0.0.0.0/", "file:///etc/passwd", "ftp://here.example/", "gopher://here.example/",
            "javascript:run()", "", "http://unknown.example/",
        ):  # fmt: skip
            assert await blind.page(url) == NOTHING_SEEN
        assert there.asked == []


@SOAKED
async def test_a_file_is_looked_into_before_it_is_shared(stage: Stage) -> None:
    member = await stage.joined(50)

    async def look(name: str, content: bytes) -> Seen:
        sent = await member.sends(document=shared(name, content))
        return await seen.file(sent["document"]["file_id"], name, len(content))

    async with looker(stage.control.url) as seen:
        told = await look("report.pdf", pdf(title="A paper"))
        assert (told.title, told.kind, told.pages, len(told.sha256 or "")) == ("A paper", "pdf", 1, 64)
        assert (await look("report.pdf", b"MZ\x90")).refused == DANGEROUS
        assert (await look("a.docx", docx(word__vbaProject_dot_bin=b"macros"))).refused == DANGEROUS
        assert await look("report.pdf", docx()) == Seen(kind="docx", refused=MISMATCH)
        assert await seen.file("unknown", "a.pdf", 10) == NOTHING_SEEN
        assert await seen.file("unknown", "a.pdf", FILE_LIMIT + 1) == NOTHING_SEEN


def shared(name: str, content: bytes) -> dict[str, Any]:
    return {"file_name": name, "content_b64": base64.b64encode(content).decode()}


@SOAKED
async def test_what_a_file_really_is_decides_whether_it_may_be_shared(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        for name, content, answer in (
            ("report.pdf", b"MZ\x90\0", "Programs and files with macros"),
            ("a.docx", docx(word__vbaProject_dot_bin=b"macros"), "Programs and files with macros"),
            ("a.pdf", docx(), "says another type than its content"),
        ):
            await member.sends(document=shared(name, content))
            await member.sees(answer)
        await member.sends(document=shared("a.pdf", pdf("words", title="What it says of itself")))
        await goes(member, "TLP:GREEN", "Which topic")
        await goes(member, "Media and communication", "read it once more", "What it says of itself", "2024", "English")


async def keeps(stage: Stage, name: str, content: bytes, title: str) -> Draft:
    """Let Telegram have a file, and return it as a document to be shared."""
    sent = (await (await stage.person(60)).sends(document=shared(name, content)))["document"]
    file = Attachment(sent["file_id"], sent["file_unique_id"], name, len(content))
    return Draft(title, MEDIA, Label.GREEN, file=file)


async def comes_to(stage: Stage, statement: str, *expected: Any) -> None:
    """Wait until the database says so: what happens by itself is told nobody."""
    while await stage.rows(statement) != list(expected):
        await goes_on(stage.control)


async def test_what_stands_in_files_and_open_links_is_found_and_a_broken_one_is_tried_three_times(stage: Stage) -> None:
    stage.settings["fetch"] = {"private_networks": ["127.0.0.0/8"]}
    member, began = await stage.joined(50), datetime.now(UTC) + timedelta(days=1)
    await stands_at(stage, began)
    async with site() as there:
        links = (paper("Linked", Label.GREEN), paper("Named", Label.AMBER), paper("A page"))
        files = [
            await keeps(stage, "a.pdf", pdf("Rehabilitation of returnees"), "First"),
            await keeps(stage, "b.txt", "Слова о границе".encode(), "Second"),
            await keeps(stage, "c.docx", docx("Children and families"), "Third"),
            await keeps(stage, "d.pdf", b"%PDF-1.4 broken", "Broken"),
        ]
        await shelves(stage, 50, *links, *files)
        for title, path in (("Linked", "paper"), ("Named", "paper?named"), ("A page", "page")):
            await alters(stage, "UPDATE document SET url = :url WHERE title = :t", url=f"{there.url}/{path}", t=title)
        await alters(stage, "DELETE FROM document_words WHERE document_id = 2")
        async with stage.bot():
            await comes_to(stage, "SELECT count(*) FROM document_words", (7,))
            minutes = 0
            while await stage.rows("SELECT title FROM document WHERE read_at IS NULL") != [("Named",)]:
                minutes += 10
                await stands_at(stage, began + timedelta(minutes=minutes))
                await goes_on(stage.control)
            for words, title in (
                ("rehabilitation", "First"),
                ("границе", "Second"),
                ("children", "Third"),
                ("behind", "Linked"),
            ):
                await member.says(words)
                assert title in written(await member.sees("Found for"))
        assert set(there.asked) == {"/page", "/paper"}
    facts = "SELECT read_tries, pages, file_kind, length(sha256) FROM document WHERE file_id IS NOT NULL ORDER BY id"
    read = [(1, 1, "pdf", 64), (1, None, "txt", 64), (1, None, "docx", 64), (3, None, "pdf", 64)]
    assert await stage.rows(facts) == read
