"""Tables for people who use spreadsheets: CSV and XLSX, in and out."""

from apps.core.sheets.reading import LARGEST_FILE, Row, Table, TableUnreadable, read_table
from apps.core.sheets.writing import Cell, csv_text, xlsx_bytes

__all__ = ["LARGEST_FILE", "Cell", "Row", "Table", "TableUnreadable", "csv_text", "read_table", "xlsx_bytes"]
