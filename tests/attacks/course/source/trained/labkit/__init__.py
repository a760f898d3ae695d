"""The course's own package beside the notebook."""
