"""A synthetic crowd that sits an exam over HTTP, as browsers do, and writes down all it was told.

Nothing here but `statements` and `report` needs Django, so that other harnesses can use the parts alone:

    import asyncio
    from pathlib import Path

    from apps.grading.management.rehearsal.contestant import Contestant
    from apps.grading.management.rehearsal.habits import Habits
    from apps.grading.management.rehearsal.journal import Journal, read_journals
    from apps.grading.management.rehearsal.measures import Recorder
    from apps.grading.management.rehearsal.stored import read_answers, read_revisions
    from apps.grading.rules.rehearsal.checking import check

    async def sit(url, keys, seconds):
        journal, recorder = Journal(Path("edits.jsonl")), Recorder()
        crowd = [
            Contestant(url=url, key=key, journal=journal, recorder=recorder, seed=place, habits=Habits())
            for place, key in enumerate(keys)
        ]
        await asyncio.gather(*(one.sit(writing_until=time.time() + seconds) for one in crowd))
        await journal.close()

    asyncio.run(sit("http://127.0.0.1:8000", keys, 60))
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        findings = check(
            read_journals([Path("edits.jsonl")]),
            read_revisions(cursor, "the-exam"),
            read_answers(cursor, "the-exam"),
        )
    assert findings.is_sound, findings.lost

A contestant goes on through refusals, resets and silence with the back-off of the real page. Only
`Contestant.enter`, `open_paper`, `hand_in` and `see_result` give up, with `GaveUp`, after `patience`
seconds; every failed try is in the recorder.
"""
