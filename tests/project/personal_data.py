"""Reading `personal_data.txt`."""

from pathlib import Path

TABLE = Path(__file__).with_name("personal_data.txt")
VERDICTS = ("erased", "reset", "husk", "staff", "exam", "system")


def read_table(text=None):
    """`{"table.column": verdict}`; a column that stands there twice is an error."""
    verdicts = {}
    for line in (text if text is not None else TABLE.read_text()).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        table, verdict, *columns = line.split()
        assert verdict in VERDICTS, line
        for column in columns:
            name = f"{table}.{column}"
            assert name not in verdicts, f"{name} stands there twice"
            verdicts[name] = verdict
    return verdicts
