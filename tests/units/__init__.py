"""A second unit, and the proof that the engine knows none: see `ridge`."""
