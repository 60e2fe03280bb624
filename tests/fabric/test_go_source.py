from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabwiz.fabric.go_source import import_path, imports, needed_folders
from fabwiz.fabric.source_files import PackageError

TRICKY = """// import "no/comment"
/* package x
import "no/block" */
// +build linux

package main // import "no/canonical"

import "one"
import (
	"two" // import "no/three"
	. "three"
	_ "four"; alias "five"
	`six`
)
import named "seven"

var text = `
import "no/string"
`

func main() { import_ := "no/body" }
"""


def test_imports_are_read_wherever_go_allows_them() -> None:
    assert imports(TRICKY) == ("one", "two", "three", "four", "five", "six", "seven")


@given(st.text(max_size=300))
def test_any_text_gives_imports_or_none(text: str) -> None:
    assert isinstance(imports(text), tuple)


@pytest.mark.parametrize(
    ("folder", "module", "path"),
    [
        ("mycc", None, "chaincode/mycc"),
        ("go/src/github.com/acme/mycc", None, "github.com/acme/mycc"),
        ("project/src/mycc", None, "chaincode/mycc"),
        ("mycc", "// comment\nmodule github.com/acme/trade\n\ngo 1.11\n", "github.com/acme/trade"),
        ("mycc", 'module "example.com/quoted"\n', "example.com/quoted"),
    ],
)
def test_the_import_path(tmp_path: Path, folder: str, module: str | None, path: str) -> None:
    root = tmp_path / folder
    root.mkdir(parents=True)
    if module:
        (root / "go.mod").write_text(module)
    assert import_path(root) == path


@pytest.mark.parametrize(("name", "module"), [("my cc", ""), ("mycc", "go 1.11\n"), ("mycc", "module ../up\n")])
def test_what_is_no_import_path(tmp_path: Path, name: str, module: str) -> None:
    (tmp_path / name).mkdir()
    if module:
        (tmp_path / name / "go.mod").write_text(module)
    with pytest.raises(PackageError, match=r"no module line|no Go import path"):
        import_path(tmp_path / name)


def sources(**tree: str) -> dict[PurePosixPath, bytes]:
    return {PurePosixPath(name): content.encode() for name, content in tree.items()}


def test_the_nearest_vendor_folder_wins() -> None:
    folders = needed_folders(
        "chaincode/cc",
        sources(
            **{
                "main.go": 'package main; import "chaincode/cc/sub"',
                "sub/sub.go": 'package sub; import "example.com/lib"',
                "sub/vendor/example.com/lib/l.go": "package lib",
                "vendor/example.com/lib/l.go": "package lib",
            }
        ),
    )
    assert folders == {".", "sub", "sub/vendor/example.com/lib"}


def test_a_vendored_package_may_lack_what_its_own_tests_or_other_platforms_import() -> None:
    folders = needed_folders(
        "chaincode/cc",
        sources(
            **{
                "main.go": 'package main; import "example.com/lib"',
                "tool.go": '// +build ignore\n\npackage main\n\nimport "example.com/generator"\n',
                "vendor/example.com/lib/l.go": 'package lib; import "golang.org/x/sys/windows"',
            }
        ),
    )
    assert folders == {".", "vendor/example.com/lib"}


def test_the_shim_and_its_messages_are_in_the_builder_image() -> None:
    text = """package main
import (
	"github.com/hyperledger/fabric/core/chaincode/shim"
	"github.com/hyperledger/fabric/protos/peer"
	"encoding/json"
)"""
    assert needed_folders("chaincode/cc", sources(**{"main.go": text})) == {"."}
    with pytest.raises(PackageError, match="lib/cid"):
        needed_folders(
            "chaincode/cc",
            sources(**{"main.go": 'package main; import "github.com/hyperledger/fabric/core/chaincode/lib/cid"'}),
        )
