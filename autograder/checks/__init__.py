"""The language of hidden checks: tasks, probes and checks, and the evidence that they are given.

The checks themselves are content, and stand in the units.
"""
