"""Tables as files: CSV (RFC 4180) and XLSX, in which no cell is ever taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

Cell = str | int | None
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet begins a formula with, full-width forms included (OWASP ASVS 1.2.10)."""
_WIDEST = 60


def safe(value: Cell) -> Cell:
    """Return a cell that a spreadsheet shows as it is: what looks like a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def csv_of(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a table as CSV in UTF-8, with the mark by which spreadsheets know it."""
    written = StringIO()
    writer = csv.writer(written)
    for row in [head, *rows]:
        writer.writerow(["" if cell is None else safe(cell) for cell in row])
    return written.getvalue().encode("utf-8-sig")


def xlsx_of(title: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a table as a sheet called `title` (at most 31 characters) that stays legible while one scrolls."""
    import xlsxwriter  # seldom needed

    written = BytesIO()
    with xlsxwriter.Workbook(
        written, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True})
        for column, words in enumerate(head):
            sheet.write_string(0, column, words, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                _write(sheet, number, column, safe(cell))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(head) - 1)
        for column, words in enumerate(head):
            longest = max([len(words), *(len(str(row[column] or "")) for row in rows)])
            sheet.set_column(column, column, min(longest + 2, _WIDEST))
    return written.getvalue()


def _write(sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, cell)
