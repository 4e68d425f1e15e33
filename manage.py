#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL it works on the services kept under `var/`."""

import os
import sys


def main() -> None:
    """Run one command with a database and a cache at hand."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examgrader.settings")
    from examgrader import localservices  # noqa: PLC0415 - before Django reads the settings

    try:
        localservices.attach()
    except localservices.ServicesUnavailable as refusal:
        sys.exit(f"examgrader: {refusal}")

    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as refusal:
        sys.exit(f"examgrader: {refusal}")
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl-C is no fault; the services are stopped on the way out


if __name__ == "__main__":
    main()
