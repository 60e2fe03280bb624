"""`images.source: load`: hosts that cannot pull are sent what they lack, from archives of this workstation."""

from __future__ import annotations

from collections.abc import Sequence

from fabwiz.artifacts.images import images_of_host
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.image_facts import FOLDER, ImageFacts, image_facts, tidy
from fabwiz.deploy.image_room import check_room, megabytes
from fabwiz.deploy.image_sender import LoadFailed, Sender, part_name
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Step
from fabwiz.images.archive import ArchivedImage
from fabwiz.images.references import normal
from fabwiz.images.shelf import archives_folder, read_shelf, save_command
from fabwiz.images.stream import ImageStream
from fabwiz.images.tarball import ArchiveError
from fabwiz.session.network import Host, Network
from fabwiz.session.workspace import Workspace


class LoadImages(Step):
    """Send what a host does not have, by id, and name what it has under another name."""

    name = "images"

    def __init__(self, network: Network, host: Host) -> None:
        self.network = network
        self.host = host.name
        self._host = host
        self.images = [normal(name) for name in images_of_host(network, host.name)]
        self.title = f"have {len(self.images)} images"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """Every image, if all were missing."""
        place = f"{self._host.remote_dir}/{FOLDER}/<image id>.tar.part"
        return [
            action
            for name in self.images
            for action in (
                Action("file", f"{place} (0600, {name}, until it is loaded)"),
                Action("command", f"docker load -i {place}"),
            )
        ]

    def look(self, run: Run) -> str | None:
        """Compare ids on the host with those of the archives."""
        archived, facts = self._archived(run), self._facts(run)
        if facts.parts or self._lacking(archived, facts):
            return None
        return f"all {len(self.images)} images are there"

    def act(self, run: Run) -> str:
        """Name, send and load, one image after the other: they share the host's line and disk."""
        archived, facts = self._archived(run), self._facts(run)
        lacking = self._lacking(archived, facts)
        sender = Sender(run, self._host, self.network.session.timeouts.pull)
        self._tell_others(sender, facts, lacking)
        missing = {name: archived[name] for name in lacking if facts.find(archived[name]) is None}
        streams = [self._stream(name, image, facts) for name, image in missing.items()]
        files = {part_name(stream): stream for stream in streams}
        self._check_architecture(facts, missing)
        check_room(facts, files)
        tidy(run.connection(self._host.name), self._host.remote_dir, list(files))
        sent: dict[str, str] = {}
        named = []
        for name in lacking:
            run.raise_if_stopped()
            image = archived[name]
            if there := sent.get(image.id) or facts.find(image):
                argv = ["docker", "tag", there, name]
                run.connection(self._host.name).run(argv, root=True).check(f"naming {there} {name}")
                named.append(name)
                continue
            # what was loaded just now may have brought layers that this one shares
            self._bring(sender, self._stream(name, image, facts))
            facts.add(image)
            sent[image.id] = name
        tidy(run.connection(self._host.name), self._host.remote_dir)
        self._verify(run, archived)
        said = []
        if sent:
            said.append(f"sent and loaded {', '.join(sent.values())}, {megabytes(sender.sent)} on the line")
        if named:
            said.append(f"named {', '.join(named)}")
        return "; ".join(said) or "removed what an earlier transfer had left"

    def _bring(self, sender: Sender, stream: ImageStream) -> None:
        try:
            try:
                sender.bring(stream)
            except LoadFailed:
                whole = ImageStream(stream.image, stream.name)
                if whole.size == stream.size:
                    raise
                sender.say(f"{stream.name}: Docker wants layers that it seemed to have; sending all of them")
                sender.bring(whole)
        except ArchiveError as error:
            raise StepFailed(str(error), remedy=f"make it anew: {self._save_command(stream.name)}") from None

    @staticmethod
    def _stream(name: str, image: ArchivedImage, facts: ImageFacts) -> ImageStream:
        return ImageStream(image, name, facts.layers_there(image))

    def _facts(self, run: Run) -> ImageFacts:
        return image_facts(run.connection(self._host.name), self._host.remote_dir)

    def _archived(self, run: Run) -> dict[str, ArchivedImage]:
        """The archives' images by name. The rules have seen them; they may have gone since."""
        try:
            shelf = read_shelf(folder := archives_folder(self.network, run.session_folder))
        except (OSError, RuntimeError) as error:
            raise StepFailed(
                f"the folder {self.network.session.images.archives!r} with the image archives cannot be read: {error}",
                remedy="see `fabwiz images`",
            ) from None
        found = {}
        for name in self.images:
            images = shelf.of(name)
            if len(images) != 1:
                raise StepFailed(
                    f"{name} is in {'no' if not images else 'more than one'} archive of {folder}",
                    remedy=self._save_command(name),
                )
            found[name] = images[0]
        return found

    def _save_command(self, name: str) -> str:
        return save_command(name, self.network.session.images.archives)

    @staticmethod
    def _lacking(archived: dict[str, ArchivedImage], facts: ImageFacts) -> list[str]:
        """Names that are not there, or stand for something else than in the archives."""
        return [
            name
            for name, image in archived.items()
            if name not in facts.names or not facts.is_there(image, facts.names[name])
        ]

    @staticmethod
    def _tell_others(sender: Sender, facts: ImageFacts, lacking: Sequence[str]) -> None:
        for name in lacking:
            if identity := facts.names.get(name):
                sender.say(
                    f"{name} is another image there ({identity.removeprefix('sha256:')[:12]}); the name goes to that "
                    "of the archive, and containers that run keep theirs"
                )

    def _check_architecture(self, facts: ImageFacts, missing: dict[str, ArchivedImage]) -> None:
        wrong = [
            f"{name} ({image.architecture})"
            for name, image in missing.items()
            if image.architecture and facts.architecture and image.architecture != facts.architecture
        ]
        if wrong:
            raise StepFailed(
                f"its architecture is {facts.architecture}, and the archives hold {', '.join(wrong)}",
                remedy=f"save them again after `docker pull --platform linux/{facts.architecture}`",
            )

    def _verify(self, run: Run, archived: dict[str, ArchivedImage]) -> None:
        facts = self._facts(run)
        for name in self._lacking(archived, facts):
            found = facts.names.get(name, "nothing")
            raise StepFailed(
                f"{name} was loaded, and is {found[:19]} there instead of {archived[name].id[:19]}",
                remedy="look at Docker's log there",
            )
