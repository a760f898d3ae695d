"""What a child of the trusted process finds imported when it runs pytest."""

import subprocess
import sys

RUN = """
import sys
from autograder.trusted import plugin
plugin.warm_up()
before = set(sys.modules)
plugin.warm_up()
print(sorted(set(sys.modules) - before), "_hypothesis_pytestplugin" in sys.modules)
"""


def test_a_run_of_checks_imports_nothing_after_the_first_one_and_no_plugin_of_the_environment() -> None:
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)
    assert done.stdout == "[] False\n"
