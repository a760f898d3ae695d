"""How far right and wrong answers stand from the thresholds of the trained tasks."""
