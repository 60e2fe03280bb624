"""`python -m tests.lab.images`: makes all that the lab's hosts begin with, and says where it is. Needs the network."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

from fabwiz.session import examples
from fabwiz.session.document import Document
from tests.lab.images import layers, recipes
from tests.lab.images.layers import BuildError
from tests.lab.images.store import digest, lab_folder
from tests.lab.machine.lab import Lab

STOCK = "stock.json"


def main() -> int:
    """Archives of all images, Docker's data folder with all of them and with none, and fabwiz's own files."""
    begun = time.monotonic()
    lab = Lab()
    try:
        lab.build()
        images = wanted()
        stock = {
            "images": {name: str(path) for name, path in images.items()},
            "full": str(seed(lab, "full", [*dict.fromkeys(images.values()), recipes.neighbour()])),
            "bare": str(seed(lab, "bare", [recipes.neighbour()])),
            "program": [str(layer.tar) for layer in layers.program()],
        }
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    (lab_folder() / STOCK).write_text(json.dumps(stock, indent=1))
    print(f"the lab has {len(images)} images ({time.monotonic() - begun:.0f} s)")
    return 0


def wanted() -> dict[str, Path]:
    """Archives by image name: those of FABWIZ_LAB_IMAGES, or our own for every example session."""
    if folder := os.environ.get("FABWIZ_LAB_IMAGES"):
        found = recipes.given(Path(folder))
        if not found:
            raise BuildError(f"FABWIZ_LAB_IMAGES: {folder} has no archives (*.tar, as `docker save` writes them)")
        return found
    networks = [Document.from_text(examples.text(name)).network for name in examples.names()]
    return {name: path for network in networks if network for name, path in recipes.archives(network).items()}


def seed(lab: Lab, name: str, archives: list[Path]) -> Path:
    """Docker's data folder with these images loaded."""
    folder = lab.folder / f"seed-{name}-{digest(str(path) + str(path.stat().st_mtime_ns) for path in archives)}"
    if not folder.exists():
        lab.clear()
        for old in lab.folder.glob(f"seed-{name}-*"):
            shutil.rmtree(old)
        with lab.hosts(1, seed=None) as (host,):
            for path in archives:
                host.load(path)
            host.keep_as_seed(folder)
    return folder


if __name__ == "__main__":
    sys.exit(main())
