"""A tiny assignment of its own, for tests of everything around the checks: see `course`."""
