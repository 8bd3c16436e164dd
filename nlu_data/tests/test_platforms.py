"""On every kind of machine the README names, everything understanding needs is pinned, once, in a version that is taken there.

Rasa wants another TensorFlow on Apple's processors and on 64-bit ARM, and has none of its text library there.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LIST = Path(__file__).resolve().parent.parent / "requirements.txt"
MACHINES = {
    "Linux, x86": ("linux", "Linux", "x86_64"),
    "Linux, ARM": ("linux", "Linux", "aarch64"),
    "macOS, Apple": ("darwin", "Darwin", "arm64"),
    "macOS, Intel": ("darwin", "Darwin", "x86_64"),
}
# Come with every environment, and Rasa bounds their versions.
NOT_PINNED = {"setuptools", "wheel"}


@pytest.fixture(params=MACHINES.values(), ids=MACHINES)
def machine(request: pytest.FixtureRequest) -> dict[str, str]:
    platform, system, processor = request.param
    return {
        "sys_platform": platform,
        "platform_system": system,
        "platform_machine": processor,
        "python_version": "3.10",
        "python_full_version": "3.10.13",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
    }


def _pins(machine: dict[str, str]) -> dict[str, Requirement]:
    lines = [line.strip() for line in LIST.read_text(encoding="utf-8").splitlines()]
    listed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    taken = [pin for pin in listed if pin.marker is None or pin.marker.evaluate(machine)]
    names = [canonicalize_name(pin.name) for pin in taken]
    assert sorted(names) == sorted(set(names)), "pinned twice for one machine"
    return dict(zip(names, taken, strict=True))


def test_everything_that_is_needed_is_pinned_in_a_version_that_is_taken(machine: dict[str, str]) -> None:
    pins = _pins(machine)
    problems = []
    for name, pin in pins.items():
        try:
            needed = requires(name) or []
        except PackageNotFoundError:  # of another kind of machine than this one
            continue
        for text in needed:
            need = Requirement(text)
            is_needed = need.marker is None or any(
                need.marker.evaluate({**machine, "extra": extra}) for extra in ("", *pin.extras)
            )
            found = pins.get(canonicalize_name(need.name))
            if not is_needed or canonicalize_name(need.name) in NOT_PINNED:
                continue
            (version,) = [one.version for one in found.specifier] if found else [""]
            if not version or not need.specifier.contains(version, prereleases=True):
                problems.append(f"{name} needs {need}, and pinned is {found}")
    assert problems == []


def test_there_is_one_tensorflow_for_every_machine(machine: dict[str, str]) -> None:
    assert {"tensorflow", "tensorflow-macos"} & set(_pins(machine))
