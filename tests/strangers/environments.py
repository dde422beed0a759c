"""The strangers' own environments, outside of crmpulse's: an npm folder and a venv below .crmpulse/strangers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = Path(".crmpulse/strangers")
NPM = ("jsforce@^3.10", "@hubspot/api-client@^13")
PYPI = ("hubspot-sdk==0.1.0a9", "zenpy==2.0.57")


class Missing(Exception):
    """Something that only the person at the machine can install; the message says what."""


def node() -> Path:
    """A folder in which Node finds the npm clients; the scripts are copied there, for Node looks beside them."""
    lacking = [name for name in ("node", "npm") if shutil.which(name) is None]
    if lacking:
        raise Missing(
            f"{' and '.join(lacking)} cannot be found on this machine; jsforce and @hubspot/api-client need Node 18 or "
            "newer with npm (https://nodejs.org)"
        )
    folder = FOLDER / "node"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules" / "jsforce").is_dir():
        (folder / "package.json").write_text('{"private": true}\n')
        _install(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *NPM], folder, "npm")
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, folder)
    return folder


def python() -> Path:
    """A Python with the PyPI clients."""
    folder = FOLDER / "venv"
    binary = folder / "bin" / "python"
    if not (folder / "installed").is_file():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(binary.absolute()), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _install([*pip, *PYPI], folder, "pip")
        (folder / "installed").write_text("\n".join(PYPI))
    return binary.absolute()


def _install(command: list[str], folder: Path, tool: str) -> None:
    done = subprocess.run(command, cwd=folder, stdout=sys.stderr, timeout=600, check=False)
    if done.returncode:
        raise Missing(f"{tool} could not install the clients (its words are above); is the package index reachable?")
