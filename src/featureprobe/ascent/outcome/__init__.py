"""What comes of a run: polished, judged, put together, recorded.

What lives here: polishing, verdicts, the frame of a picture, the record, the result.
May import: drive, plan, step, problem, settings, evidence, results and below.
To add an array to a result: a field there, one line in `assembly.py`.
Not a public place: users import from `featureprobe`.
"""
