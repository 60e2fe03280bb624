"""A report in Markdown, for whoever runs the network from now on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fabwiz.report.contents import commands, keys
from fabwiz.report.escaped import escaped
from fabwiz.report.facts import Facts
from fabwiz.rules.faults import tolerance
from fabwiz.session.network import Network, Node
from fabwiz.session.workspace import Workspace


def markdown(network: Network, workspace: Workspace, facts: Facts, picture: str | None = None) -> str:
    """The whole report. `picture` is the topology's file name, relative to the report. Holds no secret."""
    title = f"Network {network.name}" + (" (rehearsal)" if facts.rehearsal else "")
    session = network.session
    lines = [f"# {escaped(title)}", ""]
    if facts.rehearsal:
        lines += ["**This was a rehearsal on one machine: none of it runs on the hosts that are named here.**", ""]
    lines += [
        f"Hyperledger Fabric {session.fabric}, {'with' if session.tls else 'without'} TLS, ordering with Kafka.",
        f"As it was on {facts.time[:19].replace('T', ' ')} UTC. It can lose {escaped(tolerance(network))}.",
        "",
    ]
    if picture:
        lines += [f"![Topology]({picture})", ""]
    lines += ["## What runs where", ""]
    lines += _table(
        ("host", "address", "node", "role", "ports", "state"),
        [
            (
                host.name,
                host.address or "this workstation",
                node.name,
                node.role,
                ports(node),
                facts.states.get(node.name, "not asked"),
            )
            for host in network.hosts.values()
            for node in network.on(host.name)
        ],
    )
    lines += ["", "## Organizations", ""]
    lines += _table(
        ("organization", "MSP id", "domain", "nodes", "anchors"),
        [
            (
                organization.name,
                organization.msp_id,
                organization.domain,
                ", ".join(node.key for node in organization.nodes),
                ", ".join(node.key for node in organization.anchors),
            )
            for organization in network.all_organizations
        ],
    )
    lines += ["", "## Channels", ""]
    lines += _table(
        ("channel", "organizations", "height"),
        [
            (channel.name, ", ".join(one.name for one in channel.organizations), height(facts, channel.name))
            for channel in network.channels.values()
        ],
    )
    if network.chaincodes:
        lines += ["", "## Chaincode", ""]
        lines += _table(
            ("chaincode", "version", "language", "channels", "endorsement policy"),
            [
                (
                    chaincode.name,
                    chaincode.spec.version,
                    chaincode.spec.language,
                    ", ".join(channel.name for channel in chaincode.channels),
                    chaincode.spec.policy or "any member",
                )
                for chaincode in network.chaincodes.values()
            ],
        )
        lines += ["", *(f"- {escaped(answer)}" for answer in facts.answers)]
    lines += [
        "",
        "## Keys",
        "",
        f"On the workstation, below `{workspace.root.name}`; hosts have only their own nodes'.",
    ]
    lines += [
        "",
        *_table(("key", "folder"), [(what, _relative(path, workspace)) for what, path in keys(network, workspace)]),
    ]
    lines += ["", "## Commands for later", ""]
    lines += _table(
        ("command", "does"), [(f"`{command}`", does) for command, does in commands(workspace.session_file)], raw=1
    )
    return "\n".join(lines).rstrip() + "\n"


def ports(node: Node) -> str:
    """`7051, chaincode 7052`: a node's ports, the main one without its purpose; empty where it publishes none."""
    main = ("grpc", "broker", "client")
    return ", ".join(f"{port}" if purpose in main else f"{purpose} {port}" for purpose, port in node.ports.items())


def height(facts: Facts, channel: str) -> str:
    """`7 blocks on every peer`, or what each of the peers says."""
    if (agreed := facts.agreed.get(channel)) is not None:
        return f"{agreed} block{'' if agreed == 1 else 's'} on every peer"
    said = facts.heights.get(channel, {})
    return "; ".join(f"{peer}: {answer}" for peer, answer in said.items()) or "not asked"


def _relative(path: Path, workspace: Workspace) -> str:
    return str(path.relative_to(workspace.session_file.parent))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], raw: int = 0) -> list[str]:
    """Cells are escaped, except the first `raw` of each row."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = [cell.replace("|", "\\|") if at < raw else escaped(cell) for at, cell in enumerate(row)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
