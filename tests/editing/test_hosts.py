"""Hosts cell by cell."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fabwiz.editing.hosts import BY_KEY, Said, add, place_of, remove, said, say
from fabwiz.session import examples
from fabwiz.session.edits import edited
from fabwiz.session.findings import Edit


@pytest.fixture
def data() -> Any:
    return yaml.safe_load(examples.text("four-lan-hosts"))


def after(data: Any, edits: list[Edit]) -> Any:
    for edit in edits:
        data = edited(data, edit)
    return data


def test_a_cell_says_the_hosts_own_word_else_that_for_all_else_the_default(data: Any) -> None:
    data["hosts"]["b"] = {"address": "203.0.113.12", "ssh": {"user": "ops", "port": 2222}}
    assert said(data, "a", BY_KEY["address"]) == Said("203.0.113.11", True)
    assert said(data, "a", BY_KEY["user"]) == Said("root", False)
    assert said(data, "b", BY_KEY["user"]) == Said("ops", True)
    assert said(data, "b", BY_KEY["port"]) == Said("2222", True)
    assert said(data, "a", BY_KEY["port"]) == Said("22", False)
    assert said(data, "a", BY_KEY["transport"]) == Said("ssh", False)
    data["remote_dir"] = "/srv/net"
    assert said(data, "a", BY_KEY["folder"]) == Said("/srv/net", False)


def test_a_host_grows_out_of_the_short_form_and_back_into_it(data: Any) -> None:
    data = after(data, add("e"))
    data = after(data, say(data, "e", BY_KEY["address"], "203.0.113.15"))
    assert data["hosts"]["e"] == "203.0.113.15"
    data = after(data, say(data, "e", BY_KEY["user"], "ops"))
    data = after(data, say(data, "e", BY_KEY["port"], "2222"))
    assert data["hosts"]["e"] == {"address": "203.0.113.15", "ssh": {"user": "ops", "port": 2222}}
    data = after(data, say(data, "e", BY_KEY["user"], " "))
    assert data["hosts"]["e"] == {"address": "203.0.113.15", "ssh": {"port": 2222}}
    data = after(data, say(data, "e", BY_KEY["port"], ""))
    assert data["hosts"]["e"] == "203.0.113.15"
    data = after(data, say(data, "e", BY_KEY["address"], ""))
    assert data["hosts"]["e"] == {}


def test_a_host_has_its_own_time_to_wait_and_its_own_word_about_the_agent(data: Any) -> None:
    assert said(data, "a", BY_KEY["agent"]) == Said("true", False)
    assert said(data, "a", BY_KEY["timeout"]) == Said("15s", False)
    data["ssh"] |= {"agent": False, "connect_timeout": "1m"}
    assert said(data, "a", BY_KEY["agent"]) == Said("false", False)
    assert said(data, "a", BY_KEY["timeout"]) == Said("1m", False)
    data = after(data, say(data, "a", BY_KEY["agent"], "yes"))
    data = after(data, say(data, "a", BY_KEY["timeout"], "90s"))
    assert data["hosts"]["a"]["ssh"] == {"agent": True, "connect_timeout": "90s"}
    assert BY_KEY["agent"].choices == ("true", "false")
    assert place_of(("hosts", "a", "ssh", "agent")) == ("a", "agent")


def test_this_machine_needs_no_ssh(data: Any) -> None:
    local = after(data, say(data, "a", BY_KEY["transport"], "local"))
    assert local["hosts"]["a"] == {"address": "203.0.113.11", "transport": "local"}
    assert after(local, say(local, "a", BY_KEY["transport"], "ssh"))["hosts"]["a"] == "203.0.113.11"


def test_what_is_typed_wrongly_is_kept_for_the_findings_to_tell(data: Any) -> None:
    data = after(data, say(data, "a", BY_KEY["port"], "22x"))
    assert data["hosts"]["a"]["ssh"]["port"] == "22x"
    assert said(data, "a", BY_KEY["port"]) == Said("22x", True)


def test_nobody_goes_through_a_host_that_is_removed(data: Any) -> None:
    data["hosts"]["b"] = {"address": "203.0.113.12", "ssh": {"jump": "a"}}
    data["hosts"]["c"] = {"address": "203.0.113.13", "ssh": {"jump": "d"}}
    data["ssh"]["jump"] = "a"
    new = after(data, remove(data, "a"))
    assert new["hosts"] == {
        "b": "203.0.113.12",
        "c": {"address": "203.0.113.13", "ssh": {"jump": "d"}},
        "d": "203.0.113.14",
    }
    assert "jump" not in new["ssh"]
    assert new["zookeeper"]["zk1"] == "a"


def test_broken_data_is_passed_over() -> None:
    for data in (None, {}, {"hosts": ["a"]}, {"hosts": {"a": ["x"]}, "ssh": "root"}):
        assert said(data, "a", BY_KEY["user"]) == Said("", False)
        remove(data, "a")


def test_paths_lead_to_cells() -> None:
    assert place_of(("hosts", "a", "ssh", "port")) == ("a", "port")
    assert place_of(("hosts", "a", "remote_dir")) == ("a", "folder")
    assert place_of(("hosts", "a", "ssh", "agent")) == ("a", "agent")
    assert place_of(("hosts", "a", "ssh")) == ("a", None)
    assert place_of(("hosts", "a")) == ("a", None)
    assert place_of(("ssh", "user")) is None
