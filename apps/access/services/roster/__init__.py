"""Reading a roster: who competes, where they come from, when they sit."""

from apps.access.services.roster.importing import RosterOutdated, RosterRefused, RosterReport, import_roster

__all__ = ["RosterOutdated", "RosterRefused", "RosterReport", "import_roster"]
