"""Where a chaincode's source was found is said as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from fabwiz.editing.sources import whereabouts


def test_a_folder_beside_the_session_goes_before_a_sample(tmp_path: Path) -> None:
    assert "among the samples" in whereabouts("chaincode_example02", tmp_path)
    (tmp_path / "chaincode_example02").mkdir()
    assert whereabouts("chaincode_example02", tmp_path) == "Found beside the session file."
    assert whereabouts(str(tmp_path), tmp_path / "elsewhere") == f"Found: {tmp_path}"


@pytest.mark.parametrize("path", ["no/such/folder", "x\0y", "~nobody-of-that-name/x", "..", "a" * 5000])
def test_what_is_not_there_is_said_not_raised(tmp_path: Path, path: str) -> None:
    told = whereabouts(path, tmp_path)
    assert told.startswith("Not found") or path == ".."


def test_nothing_yet_says_what_to_write(tmp_path: Path) -> None:
    assert "chaincode_example02" in whereabouts(" ", tmp_path)
