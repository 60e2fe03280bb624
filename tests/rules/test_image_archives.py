"""`images.source: load`: what is said of the folder with archives, and what makes it right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fabwiz.images.names import images_of_host
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding
from tests.image_archives import fake_image, save

Change = Callable[[Mapping[str, object]], Document]
Told = Callable[[Document], list[Finding]]


@pytest.fixture
def loading(change: Change) -> Document:
    return change({"images.source": "load"})


@pytest.fixture
def names(loading: Document) -> list[str]:
    """All images that the hosts need."""
    network = loading.network
    assert network
    return list(dict.fromkeys(name for host in network.hosts for name in images_of_host(network, host)))


def test_archives_of_everything_satisfy_it(loading: Document, names: list[str], folder: Path, told: Told) -> None:
    save(folder / "images" / "first.tar", *map(fake_image, names[:2]))
    save(folder / "images" / "others.tgz", *map(fake_image, names[2:]))

    assert told(loading) == []


def test_a_folder_elsewhere_and_at_home(
    change: Change, names: list[str], folder: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder / "home"))
    save(folder / "home" / "tars" / "all.tar", *map(fake_image, names))

    for place in ("~/tars", str(folder / "home/tars"), "home/tars"):
        assert told(change({"images.source": "load", "images.archives": place})) == []


def test_what_is_missing_is_told_with_the_command_that_makes_it(
    loading: Document, names: list[str], folder: Path, told: Told
) -> None:
    save(folder / "images" / "all.tar", *map(fake_image, names[1:]))

    (finding,) = told(loading)

    assert names[0] in finding.message
    file = f"images/{names[0].replace('/', '_').replace(':', '_')}.tar"
    assert f"docker pull {names[0]} && docker save -o {file} {names[0]}" in finding.message


def test_damaged_archives_are_told_and_do_not_hide_the_others(
    loading: Document, names: list[str], folder: Path, told: Told
) -> None:
    save(folder / "images" / "all.tar", *map(fake_image, names))
    (folder / "images" / "bad.tar").write_bytes(b"not a tar file" * 100)
    (folder / "images" / "gone.tar").symlink_to(folder / "nowhere")
    (folder / "images" / "notes.txt").write_text("not looked at")

    assert [finding.message.split(":")[0] for finding in told(loading)] == ["images/bad.tar", "images/gone.tar"]


def test_two_images_of_one_name_cannot_be_told_apart_but_equal_ones_can(
    loading: Document, names: list[str], folder: Path, told: Told
) -> None:
    save(folder / "images" / "all.tar", *map(fake_image, names))
    save(folder / "images" / "again.tar", fake_image(names[0]))
    assert told(loading) == []

    save(folder / "images" / "newer.tar", fake_image(names[0], layers=3))

    (finding,) = told(loading)
    assert "newer.tar" in finding.message
    assert "differs" in finding.message


def test_a_digest_is_no_name_for_an_archive(change: Change, names: list[str], folder: Path, told: Told) -> None:
    save(folder / "images" / "all.tar", *map(fake_image, names))
    name = f"example.com/peer@sha256:{'1' * 64}"

    found = told(change({"images.source": "load", "images.overrides": {"peer": name}}))

    assert ["digest" in finding.message for finding in found] == [True]


def test_nothing_is_read_unless_images_are_loaded(change: Change, told: Told) -> None:
    assert told(change({"images.source": "present", "images.archives": "nowhere"})) == []
