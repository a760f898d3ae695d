"""The hidden checks: one file `check_<notebook>.py` per notebook, probes at the top of each task, checks below.

This is content. What the files are written with is `autograder.checks.api`.
"""
