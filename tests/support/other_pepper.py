"""The tests' settings with another pepper: a deployment that knows none of our keys."""

from examgrader.settings_test import *  # noqa: F403

ACCESS_KEY_PEPPER = "another-pepper-0123456789abcdefghijklmnopqrstuvwxyz"
