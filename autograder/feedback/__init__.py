"""The learner's feedback page: `nbgrader generate_feedback` writes it, by `c.GenerateFeedback.exporter_class`."""
