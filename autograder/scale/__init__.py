"""Grades many submissions at once: the pool of workers, what is remembered, and the progress."""
