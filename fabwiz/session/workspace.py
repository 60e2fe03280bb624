"""Where everything lies on the workstation: the folder beside the session file.

`lan4.yaml` -> `lan4.fabwiz/`. The layout is part of the contract with the user.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fabwiz.session.guard import PLAIN, KeyGuard


@dataclass(frozen=True, slots=True)
class Workspace:
    """Paths only: nothing is created here."""

    session_file: Path
    durable: bool = True
    """`False` for a workspace that is thrown away: what is written there need not survive a power cut."""
    guard: KeyGuard = field(default=PLAIN, compare=False)
    """Keeps the keys that never leave the workstation."""

    @property
    def root(self) -> Path:
        """`lan4.fabwiz/`."""
        return self.session_file.with_suffix(".fabwiz")

    @property
    def artifacts(self) -> Path:
        """Keys, blocks, transactions, official YAML and what each host gets."""
        return self.root / "artifacts"

    @property
    def crypto_config(self) -> Path:
        """The tree that cryptogen would have made."""
        return self.artifacts / "crypto-config"

    @property
    def channel_artifacts(self) -> Path:
        """genesis.block, `<channel>.tx`, `<channel>-<MSP id>-anchors.tx`."""
        return self.artifacts / "channel-artifacts"

    @property
    def genesis_block(self) -> Path:
        """Block 0 of the system channel."""
        return self.channel_artifacts / "genesis.block"

    def channel_tx(self, channel: str) -> Path:
        """The transaction that creates a channel."""
        return self.channel_artifacts / f"{channel}.tx"

    def anchors_tx(self, channel: str, msp_id: str) -> Path:
        """The transaction that sets an organization's anchor peers on a channel."""
        return self.channel_artifacts / f"{channel}-{msp_id}-anchors.tx"

    def host(self, name: str) -> Path:
        """Exactly what a host gets, with `manifest.json`."""
        return self.artifacts / "hosts" / name

    @property
    def chaincode(self) -> Path:
        """Packages of chaincode, as they are installed."""
        return self.artifacts / "chaincode"

    @property
    def journal(self) -> Path:
        """What was done, append-only."""
        return self.root / "journal.jsonl"

    @property
    def assigned(self) -> Path:
        """Hosts, ids and ports that the nodes had when they were last started."""
        return self.root / "assigned.json"

    @property
    def logs(self) -> Path:
        """`<node>.log`, one a container."""
        return self.root / "logs"

    @property
    def lock(self) -> Path:
        """Held while a run of this session goes on from this workstation."""
        return self.root / "lock"
