"""Wiring only: what `nbgrader` does in this course, and with which parts of `autograder`."""

c = get_config()  # noqa: F821

# the course
c.CourseDirectory.course_id = "regularization"
c.Course.unit = "autograder.units.regularization"
c.Course.languages = {"regularisation": "fr", "regularization": "en"}
c.Course.secret = "demo"  # noqa: S105  # hidden inputs and training seeds derive from it: choose your own

# what learners receive
c.GenerateAssignment.pre_convert_hook = "autograder.wiring.hooks.before_assignment"
c.ClearSolutions.code_stub = {"python": "# ✏️\nraise NotImplementedError()"}
c.ClearSolutions.text_stub = "✏️ …"
c.GenerateAssignment.preprocessors.append("autograder.wiring.released.GoOnAfterErrors")  # "Run All", as in the grading

# grading: learners' code in a sandbox, checks outside it, only data in between
c.Autograde.exporter_class = "autograder.wiring.exporter.GradingExporter"
c.Autograde.pre_convert_hook = "autograder.wiring.hooks.before_submission"
c.Autograde.post_convert_hook = "autograder.wiring.hooks.after_submission"
c.Autograde.sanitize_preprocessors = ["autograder.wiring.sanitize.RestoreCells"]
c.Autograde.autograde_preprocessors = [
    "autograder.wiring.preprocessors.RunNotebook",
    "autograder.wiring.clean.CleanTexts",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.wiring.preprocessors.WriteReports",
    "autograder.wiring.preprocessors.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# the formgrader: learners' Markdown is harmless, pictures have no red frame, a rubric is added up
c.HTMLExporter.filters = {"markdown2html": "autograder.feedback.formgrader.markdown2html"}
c.HTMLExporter.preprocessors = ["autograder.feedback.formgrader.GradingTools"]

c.Sandbox.variables = {"LAB_FIGURES": "png"}  # learners' figures as pictures: CleanTexts leaves no SVG

# `nbgrader validate` waits for a cell as long as the sandbox does; nbgrader's own 30 s end a sweep on a busy machine
c.Execute.timeout = 120
c.Execute.iopub_timeout = 30

# what learners get back: one page per notebook, in the language of the assignment
c.GenerateFeedback.exporter_class = "autograder.feedback.exporter.FeedbackExporter"
c.GenerateFeedback.preprocessors = ["autograder.feedback.exporter.GetGradesAndState"]

# collecting, from the exchange and from an LMS
c.ExchangeFactory.collect = "autograder.wiring.exchange.SafeCollect"
c.ExchangeFactory.release_feedback = "autograder.wiring.exchange.SafeReleaseFeedback"
c.ZipCollectApp.extractor_plugin = "autograder.lms.archives.SafeExtractor"
