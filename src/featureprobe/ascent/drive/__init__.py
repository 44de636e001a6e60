"""How a plan runs: compiled calls, chunk by chunk, several at a time.

What lives here: what compiles a group, the loop over chunks, the pool that keeps their order, block sizes.
May import: plan, step, problem, settings, results and below.
To add an array that a run carries: the state in `results`, its name in `chunk_loop.py`.
Not a public place: users import from `featureprobe`.
"""
