"""The sitting: papers, answers and their revisions, time, receipts."""
