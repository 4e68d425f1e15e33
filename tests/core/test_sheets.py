"""Tables in and out: no cell is ever run, none is misread."""

import csv
import io
import zipfile
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook

from apps.core.sheets import TableUnreadable, csv_text, read_table, xlsx_bytes

DANGEROUS = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
    "＋1",
    "－1",
    "＠a",
    "\x00=1",
    '=HYPERLINK("x")',
]
HARMLESS = ["Ana", "", "-", "0417", "ABCD-EFGH-JKMN-PQRS", "2E34", "a=b", "'quoted"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_csv_text_lets_no_text_be_a_formula(text):
    [_, [cell, other]] = csv.reader(io.StringIO(csv_text(["a", "b"], [[text, "x"]]), newline=""))
    assert cell.startswith("'")
    assert other == "x"


@pytest.mark.parametrize("text", HARMLESS)
def test_csv_text_leaves_harmless_texts_exactly_as_they_are(text):
    [_, [cell, _]] = csv.reader(io.StringIO(csv_text(["a", "b"], [[text, "x"]])))
    assert cell == text


def test_csv_text_leaves_numbers_numbers():
    assert csv_text(["a", "b", "c"], [[-3, Decimal("-1.50"), None]]) == "a,b,c\n-3,-1.50,\n"


@pytest.mark.parametrize("text", [text for text in [*DANGEROUS, *HARMLESS] if text and "\x00" not in text])
def test_xlsx_bytes_holds_every_text_as_text(text):
    book = load_workbook(io.BytesIO(xlsx_bytes(["a", "=b"], [[text, Decimal("1.5")]], title="Results: 1/2")))
    sheet = book.worksheets[0]
    assert {cell.data_type for cell in sheet[1]} == {"s"}
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value.replace("\r\n", "\n") == text.replace("\r", "\n")
    assert (sheet["B2"].value, sheet["B2"].data_type) == (1.5, "n")


def test_control_characters_are_shown_not_hidden():
    assert "a\ufffdb" in csv_text(["x"], [["a\x07b"]])
    book = load_workbook(io.BytesIO(xlsx_bytes(["x"], [["a\x07b"]], title="")))
    assert book.worksheets[0]["A2"].value == "a\ufffdb"


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"name,grade\nAna,7\n\nBo,8\n",
        "\ufeffName;Grade\r\nAna;7\r\n;\r\nBo;8\r\n".encode(),
        b'"name","grade"\n"Ana",7\n,\n"Bo",8',
        workbook(["Name", "grade"], ["Ana", 7], [None, None], [" Bo ", 8.0]),
    ],
)
def test_read_table_reads_what_spreadsheets_save(content):
    table = read_table(content)
    assert table.columns == ["name", "grade"]
    assert [(row.number, dict(row.cells)) for row in table.rows] == [
        (2, {"name": "Ana", "grade": "7"}),
        (4, {"name": "Bo", "grade": "8"}),
    ]


def test_read_table_gives_back_what_our_writer_wrote():
    texts = [text for text in DANGEROUS if text.strip() == text and "\x00" not in text]
    table = read_table(csv_text(["a", "b"], [[text, "x"] for text in texts]).encode())
    assert [row.cells["a"] for row in table.rows] == texts


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Row 1: the first row names the columns; here it is blank."),
        (b"a,,b\n", "Row 1, column 2: this column has no name."),
        (b"a,b,a\n", "Row 1, column 3: the name “a” stands there twice."),
        (b"a,b\n1,2\n1,2,3\n", "Row 3: more cells than the 2 columns of row 1."),
        ("a,b\n1,2\nÄ,1\n".encode("latin-1"), "Row 3: the file is not UTF-8. Save it as “CSV UTF-8”."),
        (b'a,b\n"1"x,2\n', "Row 2: ',' expected after '\"'."),
        (b"a\n1\x002\n", "Row 2, column 1: a NUL character."),
        (b"a\n" + b"x" * 5001, "Row 2, column 1: the cell is longer than 5000 characters."),
        (b"," * 100 + b"a\n", "Row 1: more than 100 columns."),
        (b"a\n" + b"x\n" * 20_000, "The table has more than 20000 rows."),
        (b"x" * 10_000_001, "The file is larger than 10 MB."),
        (b"PK\x03\x04nonsense", "The workbook is damaged or no workbook (BadZipFile)."),
    ],
)
def test_read_table_refuses_with_the_place(content, sentence):
    with pytest.raises(TableUnreadable) as refused:
        read_table(content)
    assert str(refused.value) == sentence


def test_read_table_refuses_a_workbook_that_unpacks_too_large():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b" " * 61_000_000)
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(TableUnreadable, match="unpacks to more than 60 MB"):
        read_table(packed.getvalue())
