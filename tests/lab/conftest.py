"""The learners' package, as it lies in the folder of each language."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[2] / "source"
FOLDERS = {"en": SOURCE / "regularization", "fr": SOURCE / "regularisation"}


def load_labkit(language: str) -> ModuleType:
    """`labkit` of this language's folder, under a name of its own so that both languages can be loaded."""
    name = f"labkit_{language}"
    if name not in sys.modules:
        folder = FOLDERS[language] / "labkit"
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def en() -> ModuleType:
    return load_labkit("en")


@pytest.fixture(scope="session")
def fr() -> ModuleType:
    return load_labkit("fr")


@pytest.fixture(params=["en", "fr"])
def labkit(request: pytest.FixtureRequest) -> ModuleType:
    """Each language in turn."""
    return load_labkit(request.param)
