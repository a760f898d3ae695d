"""Workers on other machines, through a Dask scheduler."""

from concurrent.futures import Executor

from autograder.errors import SetupError
from autograder.i18n import _


def dask_executor(address: str) -> Executor:
    """An executor on the cluster whose scheduler listens at `address`.

    Raises:
        SetupError: `distributed` is not installed, nobody answers, or a worker runs other versions.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise SetupError(_("c.Scale.scheduler_address needs Dask: pip install distributed")) from error
    try:
        client = Client(address, timeout=30, set_as_default=False)
        client.get_versions(check=True)
    except (OSError, ValueError) as error:
        raise SetupError(_("The Dask scheduler at {address} cannot be used: {reason}"), address=address,
                         reason=error) from error  # fmt: skip
    executor: Executor = client.get_executor(pure=False, retries=2)
    return executor
