from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from fabric_protos.peer import chaincode_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from fabwiz.fabric.package import build_package, package_id, package_path
from fabwiz.fabric.source_files import PackageError
from fabwiz.session.releases import RELEASES

V1_0, V1_1, V1_2, V1_4 = (RELEASES[v] for v in ("1.0.0", "1.1.0", "1.2.1", "1.4.12"))
MAIN = (
    'package main\n\nimport (\n\t"fmt"\n\n\t"github.com/hyperledger/fabric/core/chaincode/shim"\n)\n\nfunc main() {}\n'
)


def write(root: Path, tree: dict[str, str]) -> Path:
    for name, content in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def code(package: bytes) -> bytes:
    return bytes(chaincode_pb2.ChaincodeDeploymentSpec.FromString(package).code_package)


def members(package: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(code(package)))) as archive:
        return archive.getmembers()


def names(package: bytes) -> list[str]:
    return [member.name for member in members(package)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "mycc", {"main.go": MAIN})


def test_the_shipped_sample_is_packaged_for_every_release() -> None:
    sample = Path(str(files("assets"))) / "chaincode" / "chaincode_example02"
    made = {build_package(sample, "mycc", "1.0", "golang", release) for release in RELEASES.values()}
    assert len(made) == 1
    package = made.pop()
    assert names(package) == ["src/chaincode/chaincode_example02/chaincode.go"]
    assert package_path(package) == "chaincode/chaincode_example02"


def test_the_package_says_what_it_is(source: Path) -> None:
    spec = chaincode_pb2.ChaincodeDeploymentSpec.FromString(build_package(source, "mycc", "1.0", "golang", V1_4))
    chaincode = spec.chaincode_spec.chaincode_id
    assert (chaincode.name, chaincode.version, chaincode.path) == ("mycc", "1.0", "chaincode/mycc")
    assert spec.chaincode_spec.type == chaincode_pb2.ChaincodeSpec.GOLANG


def test_the_fingerprint_is_that_of_the_peers(source: Path) -> None:
    package = build_package(source, "mycc", "1.0", "golang", V1_4)
    hashes = hashlib.sha256(code(package)).digest() + hashlib.sha256(b"mycc1.0").digest()
    assert package_id(package) == hashlib.sha256(hashes).digest()


def test_nothing_but_the_source_counts(source: Path, tmp_path: Path) -> None:
    write(source, {"b.go": "package main\n", "a.go": "package main\n"})
    first = build_package(source, "mycc", "1.0", "golang", V1_4)
    other = tmp_path / "elsewhere" / "mycc"
    for name in ("a.go", "main.go", "b.go"):  # another order, another time, other modes
        write(other, {name: (source / name).read_text()})
        os.utime(other / name, (1, 1))
        (other / name).chmod(0o600)
    assert build_package(other, "mycc", "1.0", "golang", V1_4) == first
    for member in members(first):
        assert (member.mtime, member.uid, member.gid, member.mode) == (0, 0, 0, 0o644)


@settings(max_examples=30, deadline=None)
@given(
    tree=st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_-]{0,8}(/[a-z]{1,6}){0,2}\.(js|json|txt)", fullmatch=True),
        st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300),
        max_size=8,
    ),
    order=st.randoms(use_true_random=False),
)
def test_entries_are_sorted_whatever_the_order_of_writing(tmp_path_factory: Any, tree: Any, order: Any) -> None:
    tree = {**tree, "package.json": "{}"}
    shuffled = list(tree.items())
    order.shuffle(shuffled)
    one = write(tmp_path_factory.mktemp("one") / "cc", tree)
    two = write(tmp_path_factory.mktemp("two") / "cc", dict(shuffled))
    package = build_package(one, "cc", "1", "node", V1_4)
    assert package == build_package(two, "cc", "1", "node", V1_4)
    assert names(package) == sorted(f"src/{name}" for name in tree)


def test_large_sources_survive_the_stored_blocks(tmp_path: Path) -> None:
    content = "x" * 200_000
    package = build_package(write(tmp_path / "cc", {"package.json": "{}", "big.js": content}), "cc", "1", "node", V1_4)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(code(package)))) as archive:
        member = archive.extractfile("src/big.js")
        assert member is not None
        assert member.read().decode() == content


def test_go_brings_its_vendored_dependencies_and_no_others(source: Path) -> None:
    write(
        source,
        {
            "own/own.go": "package own\n",
            "own/own_test.go": 'package own\nimport "example.com/testonly"\n',
            "main.go": MAIN.replace('"fmt"', '"chaincode/mycc/own"\n\tlib "example.com/lib"'),
            "vendor/example.com/lib/lib.go": 'package lib\nimport "example.com/deeper"\n',
            "vendor/example.com/lib/lib.c": "",
            "vendor/example.com/lib/README.md": "",
            "vendor/example.com/deeper/d.go": "package deeper\n",
            "vendor/example.com/unused/u.go": "package unused\n",
            "README.md": "",
            "key.json": "{}",
            ".git/config": "",
        },
    )
    top = "src/chaincode/mycc"
    assert names(build_package(source, "mycc", "1.0", "golang", V1_4)) == [
        f"{top}/key.json",
        f"{top}/main.go",
        f"{top}/own/own.go",
        f"{top}/own/own_test.go",
        f"{top}/vendor/example.com/deeper/d.go",
        f"{top}/vendor/example.com/lib/lib.c",
        f"{top}/vendor/example.com/lib/lib.go",
    ]


def test_assembler_files_came_with_1_1(source: Path) -> None:
    write(source, {"fast.s": ""})
    assert len(names(build_package(source, "mycc", "1.0", "golang", V1_0))) == 1
    assert len(names(build_package(source, "mycc", "1.0", "golang", V1_1))) == 2


def test_an_import_that_is_not_vendored_is_named(source: Path) -> None:
    write(source, {"other.go": 'package main\nimport "github.com/pkg/errors"\n'})
    with pytest.raises(PackageError, match=r"other\.go imports github\.com/pkg/errors.*vendor/github\.com/pkg/errors"):
        build_package(source, "mycc", "1.0", "golang", V1_4)


def test_indexes_lie_at_the_top_and_not_before_1_1(source: Path) -> None:
    index = "META-INF/statedb/couchdb/indexes/owner.json"
    write(source, {index: '{"index": {"fields": ["owner"]}, "type": "json"}'})
    assert index in names(build_package(source, "mycc", "1.0", "golang", V1_1))
    assert index not in names(build_package(source, "mycc", "1.0", "golang", V1_0))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("META-INF/MANIFEST.MF", ""),
        ("META-INF/statedb/couchdb/indexes/x.json", "no json"),
        ("META-INF/statedb/couchdb/indexes/x.json", '["index"]'),
        ("META-INF/statedb/leveldb/indexes/x.json", '{"index": {}}'),
    ],
)
def test_metadata_that_peers_refuse_is_named_before(source: Path, path: str, content: str) -> None:
    write(source, {path: content})
    with pytest.raises(PackageError, match=path.rpartition("/")[2]):
        build_package(source, "mycc", "1.0", "golang", V1_4)


def test_node_leaves_its_modules_at_home(tmp_path: Path) -> None:
    root = write(
        tmp_path / "cc",
        {"package.json": "{}", ".npmrc": "", "lib/a.js": "", "node_modules/x/i.js": "", "lib/node_modules/y.js": ""},
    )
    assert names(build_package(root, "cc", "1", "node", V1_1)) == [
        "src/.npmrc",
        "src/lib/a.js",
        "src/lib/node_modules/y.js",
        "src/package.json",
    ]


def test_java_takes_what_peers_accept(tmp_path: Path) -> None:
    root = write(
        tmp_path / "cc",
        {
            "build.gradle": "",
            "settings.gradle": "",
            "gradlew": "",
            "src/main/java/Cc.java": "",
            "src/main/java/Cc.class": "",
            "build/libs/cc.jar": "",
            "target/x.txt": "",
        },
    )
    assert names(build_package(root, "cc", "1", "java", RELEASES["1.3.0"])) == [
        "src/build.gradle",
        "src/settings.gradle",
        "src/src/main/java/Cc.java",
    ]


@pytest.mark.parametrize(
    ("language", "release", "since"), [("node", V1_0, "1.1"), ("java", V1_0, "1.3"), ("java", V1_2, "1.3")]
)
def test_a_language_that_the_release_does_not_run(tmp_path: Path, language: str, release: Any, since: str) -> None:
    with pytest.raises(PackageError, match=f"runs no {language} chaincode; it came with {since}"):
        build_package(tmp_path, "cc", "1", language, release)


@pytest.mark.parametrize(
    ("language", "missing"), [("golang", r"no \.go file"), ("node", r"package\.json"), ("java", r"build\.gradle")]
)
def test_an_empty_folder_is_no_chaincode(tmp_path: Path, language: str, missing: str) -> None:
    with pytest.raises(PackageError, match=missing):
        build_package(tmp_path, "cc", "1", language, V1_4)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="there is no such folder"):
        build_package(tmp_path / "nowhere", "cc", "1", "golang", V1_4)


def test_links_inside_count_as_their_file_and_others_are_refused(source: Path, tmp_path: Path) -> None:
    (source / "same.go").symlink_to("main.go")
    assert len(names(build_package(source, "mycc", "1.0", "golang", V1_4))) == 2
    (tmp_path / "secret.go").write_text("package secret\n")
    (source / "stolen.go").symlink_to(tmp_path / "secret.go")
    with pytest.raises(PackageError, match=r"stolen\.go: the link leads out"):
        build_package(source, "mycc", "1.0", "golang", V1_4)


@pytest.mark.parametrize(("target", "message"), [("nowhere.go", "leads nowhere"), ("loop.go", "leads nowhere")])
def test_links_to_nothing_are_refused(source: Path, target: str, message: str) -> None:
    (source / "loop.go").symlink_to(target)
    with pytest.raises(PackageError, match=message):
        build_package(source, "mycc", "1.0", "golang", V1_4)


def test_linked_folders_and_pipes_are_refused(source: Path) -> None:
    (source / "again").symlink_to(".")
    with pytest.raises(PackageError, match="again: links to folders"):
        build_package(source, "mycc", "1.0", "golang", V1_4)
    (source / "again").unlink()
    os.mkfifo(source / "pipe")
    with pytest.raises(PackageError, match="pipe: neither a file nor a folder"):
        build_package(source, "mycc", "1.0", "golang", V1_4)


def test_too_much_source_is_said_before_it_is_read(source: Path) -> None:
    with (source / "huge.json").open("wb") as huge:
        huge.truncate(33 << 20)
    with pytest.raises(PackageError, match=r"huge\.json: .*33 MB"):
        build_package(source, "mycc", "1.0", "golang", V1_4)
