"""Finding prompts in the library; names from outside never leave its folder."""

import json
from pathlib import Path

import pytest

from hotline.telephony.audio import MANIFEST, AudioFile, AudioLibrary, text_hash

TEXT = "سلام"
NAME = "0123456789abcdef" * 2 + "01234567.wav"


def write_manifest(folder: Path, kind: str = "synthetic") -> None:
    """Replace the manifest the way a build does."""
    draft = folder / "draft"
    draft.write_text(json.dumps({"fa": {text_hash(TEXT): {"file": NAME, "kind": kind}}}))
    draft.replace(folder / MANIFEST)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fa").mkdir()
    (tmp_path / "fa" / NAME).touch()
    write_manifest(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ["recording", "synthetic"])
def test_a_text_is_found_with_its_kind(folder: Path, kind: str) -> None:
    write_manifest(folder, kind)
    found = AudioLibrary(folder).find("fa", TEXT)
    assert found is not None
    assert (found.language, found.name, found.kind) == ("fa", NAME, kind)


@pytest.mark.parametrize(("language", "text"), [("fa", "سلام."), ("fa", ""), ("ar", TEXT), ("../fa", TEXT)])
def test_another_wording_or_language_is_not_found(folder: Path, language: str, text: str) -> None:
    assert AudioLibrary(folder).find(language, text) is None


def test_a_missing_library_is_an_empty_one(tmp_path: Path) -> None:
    library = AudioLibrary(tmp_path / "nowhere")
    assert library.find("fa", TEXT) is None
    assert library.open_file("fa", NAME) is None


def test_an_entry_without_its_file_is_not_found_so_that_no_call_is_silent(folder: Path) -> None:
    (folder / "fa" / NAME).unlink()
    assert AudioLibrary(folder).find("fa", TEXT) is None


def test_a_new_manifest_is_seen_without_a_restart(folder: Path) -> None:
    library = AudioLibrary(folder)
    assert library.find("fa", TEXT) == AudioFile("fa", NAME, "synthetic")
    write_manifest(folder, "recording")
    assert library.find("fa", TEXT) == AudioFile("fa", NAME, "recording")


def test_a_broken_manifest_is_an_error_and_not_silence(folder: Path) -> None:
    (folder / MANIFEST).write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        AudioLibrary(folder).find("fa", TEXT)


def test_a_file_of_the_library_is_opened(folder: Path) -> None:
    assert AudioLibrary(folder).open_file("fa", NAME) == folder / "fa" / NAME


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("fa", "../manifest.json"),
        ("fa", f"../fa/{NAME}"),
        ("fa", f"/{NAME}"),
        ("fa", f"{NAME}\n"),
        ("fa", f"{NAME}\0"),
        ("fa", NAME.upper()),
        ("fa", NAME.replace("0", "٠")),  # a digit, but not ours
        ("fa", NAME[1:]),
        ("fa", "." * 40 + ".wav"),
        ("fa/../fa", NAME),
        ("..", NAME),
        (".", NAME),
        ("", NAME),
        ("fa\n", NAME),
        ("FA", NAME),
    ],
)
def test_a_name_that_is_not_one_of_the_library_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, language: str, name: str
) -> None:
    monkeypatch.chdir(folder / "fa")
    assert AudioLibrary(folder).open_file(language, name) is None


def test_a_folder_with_the_name_of_a_file_is_not_opened(folder: Path) -> None:
    (folder / "fa" / NAME).unlink()
    (folder / "fa" / NAME).mkdir()
    assert AudioLibrary(folder).open_file("fa", NAME) is None
