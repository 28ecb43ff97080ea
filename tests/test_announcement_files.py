"""The report of an announcement as files: every recipient once, no cell a formula, and a picture."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest
from announcers import announces, composes
from cast import administrators, alters, goes
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from story import Person, Stage

from handlers.sheets import csv_of, safe, xlsx_of

DANGEROUS = ("=1+1", "+7 700", "-1", "@sum", "\tx", "\rx", "＝1", "＋1", "－1", "＠a")


@given(st.lists(st.lists(st.text(max_size=20) | st.sampled_from(DANGEROUS), min_size=3, max_size=3), max_size=6))
def test_no_cell_of_a_csv_file_begins_like_a_formula(rows: list[list[str]]) -> None:
    written = csv_of(["a", "b", "c"], rows).decode("utf-8-sig")

    read = list(csv.reader(StringIO(written, newline="")))

    assert read[1:] == [[str(safe(cell)) for cell in row] for row in rows]
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) for r in read for cell in r
    )


@pytest.mark.parametrize("cell", DANGEROUS)
def test_no_cell_of_a_sheet_is_a_formula(cell: str) -> None:
    book = load_workbook(BytesIO(xlsx_of("N-1", ["Name", "n"], [[cell, 3]])))

    found = [[(one.value, one.data_type) for one in row] for row in book.active.rows]

    assert found[0] == [("Name", "s"), ("n", "s")]
    assert found[1][0][1] == "s"
    assert str(found[1][0][0]).startswith("'")
    assert found[1][1] == (3, "n")


async def sent(stage: Stage, person: Person, button: str, kind: str) -> bytes:
    """Ask for a file, and return what came."""
    await person.taps(button)
    message = await person.sees("Report of announcement N-1")
    assert message["caption"].startswith("TLP:GREEN")
    assert message["has_protected_content"]
    file = message["photo"][-1] if kind == "png" else message["document"]
    return await stage.control.file(file["file_id"])


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_report_comes_as_csv_xlsx_and_chart_with_every_recipient_once(stage: Stage) -> None:
    author, _ = await administrators(stage)
    away = await stage.joined(50, "=HYPERLINK(1)", country="KG")
    await stage.joined(51, "Reader Demo", country="KZ")
    async with stage.bot():
        await away.does("block")
        await composes(author, "Formulas")
        await announces(stage, author, "3 of 4 recipients sent")
        await goes(author, "Report", "N-1: sent")
        await goes(author, "Files", "one line each")
        table = await sent(stage, author, "CSV", "csv")
        sheet = await sent(stage, author, "XLSX", "xlsx")
        picture = await sent(stage, author, "Chart", "png")
        await alters(stage, "DELETE FROM member_role WHERE member_id = 1")
        await goes(author, "CSV", "I do not know that")

    rows = list(csv.DictReader(StringIO(table.decode("utf-8-sig"), newline="")))
    assert sorted((row["Name"], row["Outcome"]) for row in rows) == [
        ("'=HYPERLINK(1)", "unreachable"), ("Maral Demo", "sent"), ("Reader Demo", "sent"), ("Timur Demo", "sent"),
    ]  # fmt: skip
    assert {row["Country"] for row in rows} >= {"Kyrgyzstan", "Kazakhstan"}
    book = load_workbook(BytesIO(sheet))
    assert [["" if cell.value is None else cell.value for cell in row] for row in book.active.rows][1:] == [
        [int(v) if v.isdigit() else v for v in row.values()] for row in rows
    ]
    assert picture.startswith(b"\x89PNG")
