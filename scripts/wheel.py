"""Hatchling's hook: what `new-course` lays out travels in the wheel, links as files.

Not in an editable installation: there it would be copied beside Keras, where learners' kernels can read it; this
package's own folder is hidden from them.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COURSE = "autograder/units/regularization/course"


class CourseHook(BuildHookInterface[Any]):
    """Adds the notebooks and the configuration."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a build; `version` is "standard" or "editable"."""
        if version == "standard":
            build_data["force_include"] |= {name: f"{COURSE}/{name}" for name in ("source", "nbgrader_config.py")}
