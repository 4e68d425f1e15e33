"""What an error of the database means for whoever asked: wait a moment, or a fault of ours."""

from django.db import Error, InterfaceError, InternalError, OperationalError
from psycopg.errors import ReadOnlySqlTransaction


def is_passing(error: Error) -> bool:
    """A lock that was not to be had, a statement that took too long, a server that is away or only reads."""
    return isinstance(error, OperationalError | InterfaceError) or is_read_only(error)


def is_read_only(error: Error) -> bool:
    """The server is a standby, or still recovers: writes go to another one, or here again in a moment."""
    return isinstance(error, InternalError) and isinstance(error.__cause__, ReadOnlySqlTransaction)
