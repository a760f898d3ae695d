"""Grades course units with nbgrader: learners' code runs in a sandbox, hidden checks outside it."""
