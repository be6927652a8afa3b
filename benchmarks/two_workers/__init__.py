"""A small cluster on one machine, measured: a gateway that analyses nothing itself, and two workers beside it.

`python -m benchmarks.two_workers` saves what `python -m benchmarks.simulation` reads: what one study asks of each
process, and how long studies took when they came at random or all at once.
"""
