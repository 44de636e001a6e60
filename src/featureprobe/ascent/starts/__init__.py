"""How starts are found: drawn, searched, revived, tried out.

What lives here: the search among candidates, forward only, and what follows it.
May import: drive, plan, step, problem, settings, the vocabulary rooms and below.
To add a way to find starts: a step in `find_starts.py`, a value for it in `settings`.
Not a public place: users import from `featureprobe`.
"""
