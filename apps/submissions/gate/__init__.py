"""The doors of saving: the page's token, and what either door answers."""

from apps.submissions.gate.saving import save_as, signed_out
from apps.submissions.gate.tokens import issue_save_token, pass_of, read_save_token
from apps.submissions.gate.watching import Watch

__all__ = ["Watch", "issue_save_token", "pass_of", "read_save_token", "save_as", "signed_out"]
