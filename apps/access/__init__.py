"""Who may sit: contestants, registrations, access keys, and the way in."""
