"""What ``rasa data validate --fail-on-warnings`` says of the phrases, without the warnings of Rasa's own dependencies."""

from __future__ import annotations

import subprocess
import sys

COMMAND = ["-W", "ignore", "-m", "rasa", "data", "validate", "--data", "nlu", "--domain", "domain.yml", "--config", "config.yml"]


def main() -> None:
    """Print what is wrong and fail, or say that all is well."""
    print("Validating the phrases with Rasa ...", flush=True)
    done = subprocess.run([sys.executable, *COMMAND, "--fail-on-warnings"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    print("Rasa finds nothing to warn of.")


if __name__ == "__main__":
    main()
