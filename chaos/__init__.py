"""`make chaos`: break what a sitting stands on while contestants write, and count what was lost.

    run.py        the command; one case after the other, then the seeded defects, then docs/reliability.md
    stack.py      PostgreSQL, Valkey and gunicorn of its own, in a temporary folder
    proxy.py      a bad line in front of any of them
    sitting.py    a crowd that writes meanwhile (the crowd of `manage.py rehearse`) and what it was told
    cases/        what is done, and what must hold
    seeding.py    defects/*.patch on copies of the tree: each must be caught by the case that it names

Nothing in the product knows of it: no switch turns a guard off. A defect is a patch on a copy.
"""
