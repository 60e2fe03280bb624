"""Passwords in pasted texts: that there were some is known, what they were is not."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabwiz.editing.hosts_table import Table, host_edits, node_edits, read_table

SECRET = "hunter2"

TEXTS = {
    "csv": "name;ip;密码;user\nkafka1;198.51.100.14;hunter2;root\n",
    "headers": "host,ip,root pw\na,198.51.100.1,hunter2",
    "russian": "имя\tадрес\tПароль\na\t198.51.100.1\thunter2",
    "markdown": "|name|ip|Passphrase|\n|-|-|-|\n|a|198.51.100.1|hunter2|",
    "two columns": "name,ip,password,sudo_password\na,198.51.100.1,x,hunter2",
    "shifted": "name,ip,password\na,hunter2\n,a,198.51.100.1,hunter2\nhunter2\nb,198.51.100.2,x",
    "blanks": "NAME IP PASSWORD USER\na 198.51.100.1 my hunter2 root\nb 198.51.100.2 hunter2",
    "inventory": "[all]\na ansible_host=198.51.100.1 ansible_password=hunter2 ansible_become_pass='x hunter2 y'\n",
    "inventory vars": "a ansible_host=198.51.100.1\n[all:vars]\nansible_ssh_pass = hunter2\nx_token=hunter2\nx=hunter2",
    "inventory broken": "a ansible_host=198.51.100.1 ansible_password=\"hunter2 ansible_port=22\n",
    "login": "root:hunter2@198.51.100.1:22\n",
    "odd login": "ssh://root:a/b@hunter2@198.51.100.1:22\n",
    "login in a cell": "name,ip\na,root:hunter2@198.51.100.1\n",
    "user cell": "name,ip,user\na,198.51.100.1,root:hunter2\nb,198.51.100.2,root/hunter2",
    "login cut at a comma": "name,ip,user\na,root:x,hunter2@198.51.100.1",
    "login cut, no header": "a,root:x,hunter2@198.51.100.1\nb,root:x,hunter2@198.51.100.2",
    "login with a blank": "root:x hunter2@198.51.100.1",
    "token in a URL": "name,ip\na,https://hunter2@198.51.100.1/",
    "odd URL": "name,ip\na,hunter2://198.51.100.1",
    "jump": "name,ip,jump\na,198.51.100.1,ops:hunter2@203.0.113.1",
    "sshpass": "sshpass -p hunter2 ssh root@198.51.100.1\n",
    "yaml": "a: 198.51.100.1\npassword: hunter2\n",
    "note": "198.51.100.1 root hunter2\n198.51.100.2 root hunter2\n",
    "note without user": "198.51.100.1\nhunter2\n198.51.100.2\nhunter2\n",
    "comment": "198.51.100.1 a # hunter2\n198.51.100.2 b\n",
    "no header": "a,198.51.100.1,root,hunter2\nb,198.51.100.2,root,hunter2\n",
    "no header, differing": "198.51.100.1,hunter2\n198.51.100.2,correct-horse\n",
    "key column": "name,ip,private key\na,198.51.100.1,hunter2",
    "url": "name,ip\na,https://198.51.100.1/?password=hunter2",
    "private key": "198.51.100.1\n-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\n",
}  # fmt: skip


def everything(table: Table) -> str:
    """All that anybody could see of a table."""
    parts = [repr(table), repr(dataclasses.asdict(table)), repr(host_edits(table)), repr(node_edits(table))]
    return "\n".join(parts)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_no_password_is_kept_or_told(text: str) -> None:
    assert SECRET in text
    assert SECRET not in everything(read_table(text))


WITH_PASSWORD = ["csv", "russian", "markdown", "inventory", "login", "odd login", "login in a cell", "sshpass", "yaml"]


@pytest.mark.parametrize("name", WITH_PASSWORD)
def test_that_there_was_a_password_makes_fabwiz_ask_for_it(name: str) -> None:
    table = read_table(TEXTS[name])
    asks = [edit.value for edit in host_edits(table) if edit.path == ("ssh", "password")]

    assert table.had_password
    assert asks == ["ask"]
    assert any("passwords are not kept" in note for note in table.notes)
    assert not any("ask" in repr(edit) for edit in host_edits(table, passwords=False) if edit.path[-1] == "password")


def test_only_rows_with_a_password_ask() -> None:
    table = read_table("name,ip,password,key\na,198.51.100.1,x,\nb,198.51.100.2,——,\nc,198.51.100.3,x,~/.ssh/id\n")

    assert [edit.value for edit in host_edits(table)] == [
        {"address": "198.51.100.1", "ssh": {"password": "ask"}},
        "198.51.100.2",
        {"address": "198.51.100.3", "ssh": {"key": "~/.ssh/id"}},
    ]


def test_a_line_that_does_not_fit_its_header_is_refused_where_there_are_passwords() -> None:
    refused, good = read_table("name,ip,password\na,hunter2\nb,198.51.100.2,x").rows

    assert not refused.usable
    assert refused.problems[0].message == "the line has 2 cells and the header 3: nothing of it was taken"
    assert good.usable


FORMS = (
    "name;ip;password;user\nkafka1;198.51.100.1;{};root\n",
    'name,ip,password\nkafka1,198.51.100.1,"{}"\n',
    "ip\tpassword\tname\n198.51.100.1\t{}\tkafka1\n",
    "| name | password | ip |\n|---|---|---|\n| kafka1 | {} | 198.51.100.1 |\n",
    "ip  password  name\n198.51.100.1  {}  kafka1\n",
    "[kafka]\nkafka1 ansible_host=198.51.100.1 ansible_password='{}'\n",
    "[kafka]\nkafka1 ansible_host=198.51.100.1\n[kafka:vars]\nansible_become_pass={}\n",
)
SIGNS = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=5)


@given(st.sampled_from(FORMS), SIGNS, SIGNS)
def test_no_password_shows_whatever_signs_it_has(form: str, before: str, after: str) -> None:
    assert SECRET not in everything(read_table(form.format(f"{before}{SECRET}{after}")))


LOGIN_SIGNS = st.text("!#$%&*+-./:;<=>?@^_~,abcABC123", max_size=5)


@given(
    st.sampled_from(("root:{}@198.51.100.1", "ssh://root:{}@198.51.100.1:22", "a: root:{}@a.example.com")), LOGIN_SIGNS
)
def test_no_password_of_a_login_shows(form: str, before: str) -> None:
    assert SECRET not in everything(read_table(form.format(f"{before}{SECRET}")))
