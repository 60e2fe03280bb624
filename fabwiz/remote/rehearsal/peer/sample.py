"""The logic of the shipped sample chaincode, assets/chaincode/chaincode_example02/chaincode.go, in Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from fabwiz.remote.rehearsal.peer.errors import CallError

_MOST = 2**63 - 1


class Stub(Protocol):
    """What a chaincode sees of the ledger: keys of its own namespace."""

    def get(self, key: str) -> bytes | None:
        """A committed value."""
        ...

    def put(self, key: str, value: bytes | None) -> None:
        """Write; None deletes."""
        ...


def init(stub: Stub, arguments: Sequence[bytes]) -> bytes:
    """Set up two accounts. Raises CallError with the sample's messages."""
    function, args = _split(arguments)
    if function != "init":
        raise CallError(f"instantiate with init as the first argument, not {_quoted(function)}")
    if not args:
        return b""
    if len(args) != 4:
        raise CallError(
            f"init takes two accounts and their amounts, such as init a 100 b 200; got {len(args)} arguments"
        )
    if args[0] == args[2]:
        raise CallError(f"init takes two different accounts, got {_quoted(args[0])} twice")
    for account, text in ((args[0], args[1]), (args[2], args[3])):
        _put(stub, account, _amount(text))
    return b""


def invoke(stub: Stub, arguments: Sequence[bytes]) -> bytes:
    """Run invoke, query or delete; returns the payload. Raises CallError with the sample's messages."""
    function, args = _split(arguments)
    functions: dict[str, Callable[[Stub, list[str]], bytes]] = {"invoke": _transfer, "query": _query, "delete": _delete}
    if function not in functions:
        raise CallError(f"unknown function {_quoted(function)}; there are invoke, query and delete")
    return functions[function](stub, args)


def _split(arguments: Sequence[bytes]) -> tuple[str, list[str]]:
    texts = [argument.decode("utf-8", "replace") for argument in arguments]
    return (texts[0], texts[1:]) if texts else ("", [])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _transfer(stub: Stub, args: list[str]) -> bytes:
    if len(args) != 3:
        raise CallError(f"invoke takes two accounts and an amount, such as invoke a b 10; got {len(args)} arguments")
    source, target, text = args
    if source == target:
        raise CallError(f"invoke moves between two different accounts, got {_quoted(source)} twice")
    amount = _amount(text)
    has, gets = _get(stub, source), _get(stub, target)
    if has < amount:
        raise CallError(f"account {_quoted(source)} has {has}, which is less than {amount}")
    if gets + amount > _MOST:
        raise CallError(f"account {_quoted(target)} cannot hold {amount} more")
    _put(stub, source, has - amount)
    _put(stub, target, gets + amount)
    return b""


def _query(stub: Stub, args: list[str]) -> bytes:
    if len(args) != 1:
        raise CallError(f"query takes one account, such as query a; got {len(args)} arguments")
    return str(_get(stub, args[0])).encode()


def _delete(stub: Stub, args: list[str]) -> bytes:
    if len(args) != 1:
        raise CallError(f"delete takes one account, such as delete a; got {len(args)} arguments")
    _get(stub, args[0])
    stub.put(args[0], None)
    return b""


def _amount(text: str) -> int:
    if not re.fullmatch(r"\+?[0-9]+", text) or int(text) > _MOST:
        raise CallError(f"an amount is a whole number from 0 on, not {_quoted(text)}")
    return int(text)


def _get(stub: Stub, account: str) -> int:
    if not account:
        raise CallError("an account has a name")
    value = stub.get(account)
    if value is None:
        raise CallError(f"there is no account {_quoted(account)}")
    return _amount(value.decode())


def _put(stub: Stub, account: str, amount: int) -> None:
    if not account:
        raise CallError("an account has a name")
    stub.put(account, str(amount).encode())
