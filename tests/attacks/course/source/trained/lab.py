"""The course's own file beside the notebook."""
