"""The hub of the tests: everything on 127.0.0.1, its state below $RUN, no PAM, real users of the system."""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821
here, run = Path(__file__).parent, Path(os.environ["RUN"])
port = int(os.environ["PORT"])  # and the three after it

c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 1}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [str(here / "node_modules/.bin/configurable-http-proxy")]
c.ConfigurableHTTPProxy.pid_file = str(run / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{run}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(run / "cookie_secret")

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["PASSWORD"]
c.Authenticator.allowed_users = {"hubalice", "hubbob", "hubgrader"}

c.JupyterHub.spawner_class = "localprocess"  # setuid to the system's user of that name
c.Spawner.cmd = [str(Path(sys.executable).parent / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.args = [
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]
c.Spawner.env_keep = ["PATH", "LANG"]
c.Spawner.environment = {"JUPYTER_CONFIG_PATH": str(run / "etc")}
c.Spawner.http_timeout = c.Spawner.start_timeout = 240

# what docs/jupyterhub.md says
c.JupyterHub.services = [
    {
        "name": "practice",
        "url": f"http://127.0.0.1:{port + 3}",
        "command": [sys.executable, "-m", "autograder", "practice", "--hub"],
        "user": "hubgrader",
        "cwd": str(run / "course"),
        "environment": {"HOME": str(run / "home" / "hubgrader"), "PATH": os.environ["PATH"]},
        "oauth_no_confirm": True,
    }
]
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "access:services!service=practice"]},
    {"name": "practice", "services": ["practice"], "scopes": []},
]
