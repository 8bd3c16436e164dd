"""Makes the two Python environments of the hotline: the backend's, and Rasa's with its own Python 3.10.

Runs on the machine's Python before anything is installed, so it uses nothing but the standard library.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKEND = ROOT / ".venv"
RASA = ROOT / "nlu_data" / ".venv"
UV = "uv==0.13.9"


class CannotPrepare(SystemExit):
    """Something is missing on this machine; the message says what to install."""


def say(text: str) -> None:
    """Tell the person at the screen what happens now."""
    print(text, flush=True)


def prepare_backend(*, with_tests: bool) -> Path:
    """Make or renew the backend's environment.

    Args:
        with_tests: also install what tests and checks need.

    Returns:
        Its Python.
    """
    if sys.version_info < (3, 11):
        raise CannotPrepare("The hotline needs Python 3.11 or newer; install it and call make with PYTHON=python3.11.")
    files = [ROOT / "requirements.txt"] + ([ROOT / "requirements-dev.txt"] if with_tests else [])
    if not _is_current(BACKEND, files):
        # An environment made for tests serves running too; only a changed requirement makes it anew.
        say("Setting up the backend environment (about half a minute) ...")
        _make(BACKEND, [sys.executable, "-m", "venv", "--clear", str(BACKEND)], files)
    return _python(BACKEND)


def prepare_rasa() -> Path:
    """Make or renew Rasa's environment.

    Returns:
        Its Python 3.10.
    """
    files = [ROOT / "nlu_data" / "requirements.txt"]
    if not _is_current(RASA, files):
        python = find_python310()
        say("Setting up the understanding environment: Rasa and TensorFlow, about 700 MB, some minutes ...")
        _make(RASA, [python, "-m", "venv", "--clear", str(RASA)], files)
    return _python(RASA)


def find_python310() -> str:
    """A Python 3.10 of this machine (PATH, pyenv), else one fetched with uv."""
    for candidate in _candidates():
        if _is_python310(candidate):
            return candidate
    say("No Python 3.10 here; fetching one with uv ...")
    try:
        uv = shutil.which("uv") or _install_uv()
        subprocess.run([uv, "python", "install", "3.10"], check=True)
        found = subprocess.run([uv, "python", "find", "3.10"], check=True, capture_output=True, text=True)
        return found.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        raise CannotPrepare(
            "Rasa needs Python 3.10 and it could not be fetched; install it (for example: pyenv install 3.10)."
        ) from None


def _candidates() -> Iterator[str]:
    if os.environ.get("PYTHON310"):
        yield os.environ["PYTHON310"]
    if found := shutil.which("python3.10"):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(path) for path in sorted(pyenv.glob("versions/3.10*/bin/python"), reverse=True))
    # Homebrew keeps it off the PATH.
    yield from ("/opt/homebrew/opt/python@3.10/bin/python3.10", "/usr/local/opt/python@3.10/bin/python3.10")


def _is_python310(candidate: str) -> bool:
    question = "import sys, venv, ssl; print(sys.version_info[:2] == (3, 10))"
    try:
        answer = subprocess.run([candidate, "-c", question], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == "True"


def _install_uv() -> str:
    subprocess.run([str(_python(BACKEND)), "-m", "pip", "install", "--quiet", UV], check=True)
    return str(BACKEND / "bin" / "uv")


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _is_current(environment: Path, files: list[Path]) -> bool:
    stamp = environment / "installed"
    if not (_python(environment).exists() and stamp.exists()):
        return False
    installed = stamp.read_text().split()
    return all(_digest([path]) in installed for path in files)


def _make(environment: Path, create: list[str], files: list[Path]) -> None:
    # ``--clear`` would empty what the link leads to, under those who are using it.
    if environment.is_symlink():
        raise CannotPrepare(
            f"{environment} is a link to an environment that lacks something; renew it where it is ({environment.resolve()}), "
            "or remove the link and call make again."
        )
    started = time.monotonic()
    subprocess.run(create, check=True)
    wanted = [part for path in files for part in ("-r", str(path))]
    command = [str(_python(environment)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    if subprocess.run(command, check=False).returncode:
        raise CannotPrepare("pip could not install the packages; is the network reachable? Run the same command again.")
    (environment / "installed").write_text("\n".join(_digest([path]) for path in files))
    say(f"  done in {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    prepare_backend(with_tests="--with-tests" in sys.argv)
    if "--with-rasa" in sys.argv:
        prepare_rasa()
