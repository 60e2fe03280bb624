"""What is in an image archive, in every format, and what is wrong with a damaged one."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from fabwiz.images.archive import ArchivedImage, read_archive
from fabwiz.images.stream import ImageStream
from fabwiz.images.tarball import ArchiveError
from tests.image_archives import FakeImage, docker_files, fake_image, oci_files, sha, tar_of

Files = list[tuple[str, bytes | str]]

BASE = tar_of([("etc/os-release", b"NAME=test\n" * 300)])
PEER = fake_image("hyperledger/fabric-peer:1.4.12", base=BASE)
ORDERER = fake_image("hyperledger/fabric-orderer:1.4.12", base=BASE, layers=3)

FORMATS: dict[str, Callable[[list[FakeImage]], Files]] = {
    "docker before 25": docker_files,
    "docker 25": lambda images: oci_files(images, zipped=False),
    "containerd store": lambda images: oci_files(images, nested=True),
    "OCI layout": lambda images: oci_files(images, with_docker=False),
}


@pytest.fixture(params=[*FORMATS])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two images in one archive, in each format."""
    path = tmp_path / "both.tar"
    path.write_bytes(tar_of(FORMATS[request.param]([PEER, ORDERER])))
    return path


def by_name(path: Path) -> dict[str, ArchivedImage]:
    return {name: image for image in read_archive(path) for name in image.names}


def loaded(stream: ImageStream) -> dict[str, tuple[str, list[str]]]:
    """What Docker would make of a stream: the id and the layers' contents by name."""
    data = b"".join(stream.pieces())
    assert len(data) == stream.size
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        files = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
    found = {}
    for entry in json.loads(files["manifest.json"]):
        layers = [files[path] for path in entry["Layers"]]
        plain = [gzip.decompress(layer) if layer.startswith(b"\x1f\x8b") else layer for layer in layers]
        assert json.loads(files[entry["Config"]])["rootfs"]["diff_ids"] == [f"sha256:{sha(one)}" for one in plain]
        for name in entry["RepoTags"]:
            found[name] = (f"sha256:{sha(files[entry['Config']])}", [sha(one) for one in plain])
    return found


def test_images_are_known_by_name_and_id(archive: Path) -> None:
    images = by_name(archive)

    assert {name: image.id for name, image in images.items()} == {one.name: one.id for one in (PEER, ORDERER)}
    assert images[PEER.name].architecture == "amd64"
    assert images[PEER.name].unpacked == sum(len(layer) for layer in PEER.layers)


def test_an_image_leaves_an_archive_of_several_alone_and_whole(archive: Path) -> None:
    for fake in (PEER, ORDERER):
        stream = ImageStream(by_name(archive)[fake.name], fake.name)

        assert loaded(stream) == {fake.name: (fake.id, [sha(layer) for layer in fake.layers])}
        assert stream.size < archive.stat().st_size


def test_a_gzipped_archive_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "both.tgz"
    zipped.write_bytes(gzip.compress(archive.read_bytes()))

    for name, image in by_name(zipped).items():
        plain = ImageStream(by_name(archive)[name], name)
        assert b"".join(ImageStream(image, name).pieces()) == b"".join(plain.pieces())


def test_ids_of_the_containerd_store_are_known_too(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar_of(files := oci_files([PEER], nested=True)))
    (image,) = read_archive(path)

    top = json.loads(dict(files)["index.json"])["manifests"][0]["digest"]
    assert {image.id, top} < image.ids
    assert image.manifest
    with tarfile.open(fileobj=io.BytesIO(b"".join(ImageStream(image, PEER.name).pieces()))) as tar:
        index = json.load(tar.extractfile("index.json"))  # type: ignore[arg-type]
    assert f"{index['manifests'][0]['digest']}" in image.ids
    assert index["manifests"][0]["annotations"] == {"io.containerd.image.name": f"docker.io/{PEER.name}"}


def test_layers_that_are_left_out_are_still_named(archive: Path) -> None:
    image = by_name(archive)[PEER.name]
    whole, rest = ImageStream(image, PEER.name), ImageStream(image, PEER.name, without={0})

    with tarfile.open(fileobj=io.BytesIO(b"".join(rest.pieces()))) as tar:
        (entry,) = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert entry["Layers"][0] not in tar.getnames()
        assert {*entry["Layers"][1:]} < {*tar.getnames()}
    assert whole.size - rest.size >= image.layers[0].member.size


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


PLAIN = tar_of(docker_files([PEER, ORDERER]))
CONFIG = f"{sha(PEER.config)}.json"


def without(name: str) -> bytes:
    return tar_of([(path, data) for path, data in docker_files([PEER]) if path != name])


def with_(name: str, data: bytes | str) -> bytes:
    return tar_of([(path, data if path == name else old) for path, old in docker_files([PEER])])


LAYER = json.loads(dict(docker_files([PEER]))["manifest.json"])[0]["Layers"][0]

DAMAGED = {
    "empty": b"",
    "no tar": b"<html>not found</html>" * 100,
    "cut off": PLAIN[: len(PLAIN) // 2],
    "cut off in gzip": gzip.compress(PLAIN)[:-100],
    "bit in gzip": gzip.compress(PLAIN)[:20_000] + b"\0\0\0\0" + gzip.compress(PLAIN)[20_004:],
    "no manifest": without("manifest.json"),
    "no configuration": without(CONFIG),
    "other configuration": with_(CONFIG, PEER.config + b" "),
    "no layer": without(LAYER),
    "layer that leads out": with_(LAYER, "../../../etc/passwd"),
    "layer that leads to itself": with_(LAYER, "layer.tar"),
    "manifest that is a list": with_("manifest.json", b"[[]]"),
    "manifest that is no JSON": with_("manifest.json", b"[}"),
    "manifest that is deep": with_("manifest.json", b"[" * 100_000),
    "layers that are too few": with_(
        "manifest.json", json.dumps([{"Config": CONFIG, "RepoTags": [], "Layers": []}]).encode()
    ),
    "index that lists itself": tar_of([("index.json", b'{"manifests": 3}')]),
    "name with control characters": with_(
        "manifest.json", json.dumps([{"Config": "\x1b[31m\n", "RepoTags": [], "Layers": []}]).encode()
    ),
    "many members": tar_of([(f"f{n}", b"") for n in range(20_001)]),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_is_damaged_is_told_with_the_file(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", DAMAGED[kind])

    with pytest.raises(ArchiveError) as told:
        read_archive(path)

    assert str(path) in str(told.value)
    assert len(str(told.value)) < 600
    assert str(told.value).isprintable()


def test_a_layer_with_a_wrong_checksum_is_noticed_while_it_is_read(tmp_path: Path) -> None:
    spoiled = PEER.layers[1][:-600] + b"!" * 600
    files = docker_files([PEER])
    path = write(tmp_path / "a.tar", tar_of([(n, spoiled if d == PEER.layers[1] else d) for n, d in files]))
    (image,) = read_archive(path)

    with pytest.raises(ArchiveError, match="checksum"):
        list(ImageStream(image, PEER.name).pieces())


def test_an_archive_that_was_changed_meanwhile_is_not_sent(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", PLAIN)
    image = read_archive(path)[0]
    write(path, PLAIN + b"\0" * 512)

    with pytest.raises(ArchiveError, match="changed"):
        next(ImageStream(image, PEER.name).pieces())


def test_names_that_lead_out_of_an_archive_are_nothing(tmp_path: Path) -> None:
    files: Files = [("/etc/passwd", b"{}"), ("../x", b"{}"), ("./a/../../y", b"{}"), *docker_files([PEER])]

    (image,) = read_archive(write(tmp_path / "a.tar", tar_of(files)))

    assert image.id == PEER.id


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE])
def test_a_bomb_is_not_taken_into_memory(kind: bytes, zipped: bool, tmp_path: Path) -> None:
    """64 MB of zeros, some kilobytes when zipped, that a header declares to be a name or properties of a member."""
    entry = tarfile.TarInfo("bomb")
    entry.type, entry.size = kind, 64 << 20
    path = tmp_path / "bomb.tar"
    with gzip.open(path, "wb", 1) if zipped else path.open("wb") as file:
        file.write(entry.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(64):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="no tar file, or damaged"):
            read_archive(path)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_devices_links_and_circles_of_an_archive_are_nothing(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for number, (name, kind, target) in enumerate(
            [
                ("manifest.json", tarfile.SYMTYPE, "/etc/passwd"),
                ("index.json", tarfile.LNKTYPE, "../../etc/passwd"),
                ("a", tarfile.SYMTYPE, "b"),
                ("b", tarfile.SYMTYPE, "a"),
                ("console", tarfile.CHRTYPE, ""),
                ("disk", tarfile.BLKTYPE, ""),
                ("pipe", tarfile.FIFOTYPE, ""),
            ]
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.devmajor = kind, target, number
            tar.addfile(entry)
    before = set(tmp_path.iterdir())
    with pytest.raises(ArchiveError, match="holds no image"):
        read_archive(write(tmp_path / "odd.tar", buffer.getvalue()))
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in before} | {"odd.tar"}
