"""`fabwiz fix SESSION`: mend what the preflight finds wrong with hosts, where that is safe."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from fabwiz.commands.common import Refused, add_json, add_session, valid_network
from fabwiz.commands.remote import add_remote, add_take_over, asker, remote_options
from fabwiz.exitcodes import ExitCode

if TYPE_CHECKING:
    from fabwiz.deploy.fix import Done, Fixer, HostState, Problem
    from fabwiz.deploy.run import Run

HELP = "mend what the preflight finds wrong with hosts, where that is safe"
DESCRIPTION = """Look at the hosts as the preflight does, show what is wrong and the exact
commands that mend it, ask, run them, and look again. What is done: start
Docker, or a time service, that is installed and stands still; make remote_dir
for the login user; let this network's hosts in at the ports that they need,
through firewalld, ufw or iptables. Nothing is installed or stopped, no port is
opened to others, nobody is put into the group docker; for that the remedy is
told. A headless run changes nothing without --yes. Exit code 0 when all is
right, 1 when something is not, 3 when a host could not be asked."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, --host, --yes, --take-over, how to log in, --json."""
    add_session(parser)
    parser.add_argument(
        "--host", action="append", metavar="HOST", help="mend only this host; may be given several times"
    )
    parser.add_argument("--yes", action="store_true", help="run the commands without asking")
    add_take_over(parser)
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Look, show, ask, mend, look again."""
    network = valid_network(args)
    hosts = [host for host in network.hosts if network.on(host)]
    for name in args.host or ():
        if name not in hosts:
            there = f"there is no host {name} with nodes; there are {', '.join(hosts)}"
            raise Refused(ExitCode.INVALID, f"{args.session}: --host {name}: {there}")
    from fabwiz.commands.running import opened
    from fabwiz.deploy.errors import Locked
    from fabwiz.deploy.fix import Fixer

    options = remote_options(args)
    chosen = [host for host in hosts if host in (args.host or hosts)]
    try:
        with (
            opened(network, args.session.absolute(), options, asker()) as engine,
            Fixer(engine, options, asker(), chosen) as fixer,
        ):
            return _fix(args, engine, fixer)
    except Locked as error:
        raise Refused(ExitCode.LOCKED, str(error)) from None


def _fix(args: Namespace, engine: Run, fixer: Fixer) -> ExitCode:
    show = _Json() if args.json else _Words()
    before = fixer.look()
    show.states(before)
    count = sum(len(state.commands) for state in before)
    if not count:
        return _code(before)
    if not args.yes:
        if args.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise Refused(ExitCode.INVALID, "nothing was changed: say --yes to run these commands without being asked")
        if not _agrees(count):
            print("nothing was changed")
            return _code(before)
    from fabwiz.deploy.events import Status
    from fabwiz.deploy.replay import changing

    with changing(engine, "fix", lambda holders: args.take_over):
        engine.leases.acquire([state.host for state in before if _may_hold(state)])
        went_well = fixer.apply(before, show.done)
        after = fixer.settle(before)
        engine.journal.append("end", status=Status.DONE if went_well else Status.FAILED)
    show.states(after)
    code = _code(after)
    return ExitCode.FAILED if code is ExitCode.DONE and not went_well else code


def _may_hold(state: HostState) -> bool:
    """Whether it can hold a lease already: not where the folder for it is still to be made."""
    from fabwiz.deploy.fix import MAKES

    return not state.error and not any(command[0] == MAKES for command in state.commands)


def _agrees(count: int) -> bool:
    try:
        answer = input(f"run {'this command' if count == 1 else f'these {count} commands'}? [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")


def _code(states: Sequence[HostState]) -> ExitCode:
    if any(state.error for state in states):
        return ExitCode.REFUSED
    return ExitCode.FAILED if any(state.problems for state in states) else ExitCode.DONE


class _Json:
    """One object a line."""

    def states(self, states: Sequence[HostState]) -> None:
        for state in states:
            problems = [
                {"problem": one.text, "remedy": one.remedy, "commands": [list(argv) for argv in one.commands]}
                for one in state.problems
            ]
            said = {"error": state.error} if state.error else {"problems": problems}
            print(json.dumps({"host": state.host, **said}, ensure_ascii=False), flush=True)

    def done(self, done: Done) -> None:
        said = {"host": done.host, "command": list(done.command), "status": "failed" if done.said else "done"}
        print(json.dumps({**said, "message": done.said}, ensure_ascii=False), flush=True)


class _Words:
    """For people: what is wrong, host by host, and what is run."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._sudo: dict[str, bool] = {}

    def states(self, states: Sequence[HostState]) -> None:
        for state in states:
            self._sudo[state.host] = state.with_sudo
            if state.error:
                self._say(Text.assemble((f"host {state.host} could not be asked: ", "red"), state.error))
            elif not state.problems:
                self._say(Text.assemble(f"host {state.host}: ", ("all is right", "green")))
            else:
                self._say(Text(f"host {state.host}:"))
            for one in state.problems:
                self._problem(state, one)

    def done(self, done: Done) -> None:
        how = Text("failed: ", "red").append(done.said) if done.said else Text("done", "green")
        self._say(Text(f"host {done.host}: {self._command(done.host, done.command)}: ").append_text(how))

    def _problem(self, state: HostState, one: Problem) -> None:
        self._say(Text(f"  {one.text}", "red"))
        self._say(Text(f"    {one.remedy}" + (":" if one.commands else "")))
        for command in one.commands:
            self._say(Text(f"      {self._command(state.host, command)}", "bold"))

    def _command(self, host: str, command: Sequence[str]) -> str:
        return f"{'sudo ' if self._sudo.get(host) else ''}{shlex.join(command)}"

    def _say(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
