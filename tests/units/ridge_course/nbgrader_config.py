"""The course of the second unit: the project's configuration, with another unit and its two assignments."""

c = get_config()  # noqa: F821
load_subconfig("../../../nbgrader_config.py")  # noqa: F821

c.CourseDirectory.course_id = "penalized"
c.Course.unit = "tests.units.ridge"
c.Course.languages = {"regression_penalisee": "fr", "penalized_regression": "en"}
