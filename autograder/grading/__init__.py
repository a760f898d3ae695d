"""From evidence to grades: the pytest plugin, the trusted process, the report and nbgrader's preprocessors."""
