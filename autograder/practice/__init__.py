"""Practice: the feedback page while one still works on the task, as often as it helps."""
