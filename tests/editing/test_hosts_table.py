"""Pasted text of every form becomes hosts, with what was changed and what is wrong told row by row."""

from __future__ import annotations

import pytest

from fabwiz.editing.hosts_table import Column, Form, Row, Table, host_edits, node_edits, read_table
from fabwiz.editing.mended import mended_network
from fabwiz.rules import check
from fabwiz.session.edits import edited
from fabwiz.session.findings import Edit
from fabwiz.session.network import Network, Role

THIRTEEN = """\
我购买了12台云服务器，分别给服务器命名，并且对应IP地址如下：

节点名称   | IP Address  | Hostname                   | Org?    | Password
---        |---          | ---                        | ---     | ---
Zookeeper1 | 198.51.100.11 |  Zookeeper1             | ——      | s3cret-1
Zookeeper2 | 198.51.100.12  |  Zookeeper2                | ——    | s3cret-2
Zookeeper3 | 198.51.100.13 |  Zookeeper3          | —— | s3cret-3
Kafka1     | 198.51.100.14 |  Kafka1                    | —— | s3cret-4
Kafka2     | 198.51.100.15 |  Kafka2                    | —— | s3cret-5
Kafka3     | 198.51.100.16 |  Kafka3                    | —— | s3cret-6
Kafka4     | 198.51.100.17|  Kafka4                    | —— | s3cret-7
Orderer0   | 198.51.100.18|  orderer0.example.com  | —— | s3cret-8
Orderer1   | 198.51.100.19 |  orderer1.example.com      | —— | s3cret-9
Orderer2   | 198.51.100.20|  orderer2.example.com      | —— | s3cret-10
Peer0      | 198.51.100.21|  pee0.org1.example.com     | Org1 | s3cret-11
foo27      | 198.51.100.22|  foo27.org5.example.com     | Org5    | s3cret-12
bar        |198.51.100.23 |bar.org5.example.com   | Org5  | s3cret-13

编写配置文件如下,具体内容见Kafka集群配置文件夹：
"""

FOUR = """\
IP 服务
203.0.113.86 zk1,kafka1,orderer1.example.com,peer0.org1.example.com
203.0.113.168 zk2,kafka2,orderer2.example.com,peer1.org1.example.com
203.0.113.121 zk3,kafka3,orderer3.example.com,peer0.org2.example.com
203.0.113.231 kafka4,peer1.org2.example.com
"""

INVENTORY = """\
# machines of the cluster
bastion ansible_host=198.51.100.9

[zookeeper]
zk[1:3].example.com ansible_user=ops ansible_password="s3cret words"   # s3cret-too

[kafka]
kafka1 ansible_host=198.51.100.14 ansible_port=2222 ansible_ssh_pass=s3cret
kafka2 ansible_host=198.51.100.15
[peers]
peer0org1 ansible_host=198.51.100.21 org=Org1 ansible_user='deploy'
[all:vars]
ansible_user=root
ansible_ssh_private_key_file=~/.ssh/fab.pem
ansible_become=true
ansible_become_pass=s3cret
ansible_ssh_common_args='-o ProxyJump=bastion'
[fabric:children]
kafka
zookeeper
"""


def by_name(table: Table) -> dict[str, Row]:
    return {row.name: row for row in table.rows}


def told(row: Row) -> str:
    return " ".join(problem.message for problem in row.problems)


def session(edits: tuple[Edit, ...]) -> Network:
    data: object = {"fabwiz": 1, "name": "pasted", "fabric": "1.4.12"}
    for edit in edits:
        data = edited(data, edit)
    network = mended_network(data)
    assert network is not None
    return network


def test_the_table_of_thirteen_hosts() -> None:
    table = read_table(THIRTEEN)

    assert table.form is Form.MARKDOWN
    assert [column for _, column in table.columns] == [
        Column.NAME,
        Column.ADDRESS,
        Column.HOSTNAME,
        Column.ORGANIZATION,
        Column.PASSWORD,
    ]
    assert [row.name for row in table.usable] == [
        *("zookeeper1", "zookeeper2", "zookeeper3", "kafka1", "kafka2", "kafka3", "kafka4"),
        *("orderer0", "orderer1", "orderer2", "peer0", "foo27", "bar"),
    ]
    assert [row.address for row in table.rows] == [f"198.51.100.{number}" for number in range(11, 24)]
    assert [row.line for row in table.rows] == list(range(5, 18))
    first, peer = table.rows[0], by_name(table)["foo27"]
    assert (first.roles, first.organization, first.changes) == (
        (Role.ZOOKEEPER,),
        None,
        ("Zookeeper1 becomes zookeeper1",),
    )
    assert (peer.roles, peer.organization, peer.changes) == ((Role.PEER,), "Org5", ())
    assert table.had_password


def test_the_thirteen_hosts_make_a_session_with_all_nodes() -> None:
    table = read_table(THIRTEEN)
    network = session((*host_edits(table, passwords=False), *node_edits(table)))

    assert {host.name: host.address for host in network.hosts.values()} == {row.name: row.address for row in table.rows}
    assert {node.name: node.host for node in network.nodes} == {
        **{f"zookeeper{n}": f"zookeeper{n}" for n in (1, 2, 3)},
        **{f"kafka{n}": f"kafka{n}" for n in (1, 2, 3, 4)},
        **{f"orderer{n}.example.com": f"orderer{n}" for n in (0, 1, 2)},
        "peer0.org1.example.com": "peer0",
        "foo27.org5.example.com": "foo27",
        "bar.org5.example.com": "bar",
    }
    assert [finding for finding in check(network) if finding.blocks] == []


def test_services_by_host_place_each_node() -> None:
    table = read_table(FOUR)
    network = session((*host_edits(table), *node_edits(table)))

    assert table.form is Form.COLUMNS
    assert [row.name for row in table.rows] == ["host1", "host2", "host3", "host4"]
    assert [node.name for node in network.on("host3")] == [
        "zk3",
        "kafka3",
        "orderer3.example.com",
        "peer0.org2.example.com",
    ]
    assert [node.name for node in network.on("host4")] == ["kafka4", "peer1.org2.example.com"]
    assert [organization.domain for organization in network.organizations.values()] == [
        "org1.example.com",
        "org2.example.com",
    ]


def test_a_table_is_found_in_a_whole_document() -> None:
    around = (
        "# Title\n\n- [x] see [docs](https://docs.example.com/) for more\n[note]\n\n{}\n\n```bash\nssh root@host\n```\n"
    )
    table, services = read_table(around.format(THIRTEEN)), read_table(around.replace("[note]", "").format(FOUR))

    assert (table.form, len(table.usable)) == (Form.MARKDOWN, 13)
    assert (services.form, len(services.usable)) == (Form.COLUMNS, 4)
    assert "left out before and after the table: 5 lines" in services.notes


def test_an_inventory() -> None:
    table = read_table(INVENTORY)
    rows = by_name(table)

    assert table.form is Form.ANSIBLE
    assert list(rows) == ["bastion", "zk1", "zk2", "zk3", "kafka1", "kafka2", "peer0org1"]
    assert (rows["zk2"].address, rows["zk2"].user, rows["zk2"].had_password) == ("zk2.example.com", "ops", True)
    assert (rows["kafka1"].address, rows["kafka1"].port, rows["kafka1"].user) == ("198.51.100.14", 2222, "root")
    assert (rows["kafka2"].had_password, rows["kafka2"].had_sudo_password) == (False, True)
    assert (rows["peer0org1"].user, rows["peer0org1"].organization) == ("deploy", "Org1")
    assert rows["kafka2"].roles == (Role.KAFKA,)
    assert {row.key for row in table.rows} == {"~/.ssh/fab.pem"}


def test_what_all_rows_share_is_said_once() -> None:
    table = read_table(INVENTORY)
    data = {edit.path: edit.value for edit in host_edits(table)}

    assert {path: value for path, value in data.items() if path[0] == "ssh"} == {
        ("ssh", "key"): "~/.ssh/fab.pem",
        ("ssh", "jump"): "bastion",
        ("ssh", "sudo"): "ask",
    }
    assert data["hosts", "kafka1"] == {"address": "198.51.100.14", "ssh": {"user": "root", "port": 2222}}
    session(host_edits(table))


def test_shared_settings_leave_hosts_alone_that_are_there() -> None:
    table = read_table("root@198.51.100.11\nroot@198.51.100.12")
    here = {"hosts": {"old": "198.51.100.1"}}

    assert host_edits(table, {}) == (
        Edit(("ssh", "user"), "root"),
        Edit(("hosts", "host1"), "198.51.100.11"),
        Edit(("hosts", "host2"), "198.51.100.12"),
    )
    assert host_edits(table, here) == tuple(
        Edit(("hosts", f"host{n}"), {"address": f"198.51.100.1{n}", "ssh": {"user": "root"}}) for n in (1, 2)
    )
    assert host_edits(table, {**here, "ssh": {"user": "root"}}) == host_edits(table, {})[1:]


def test_etc_hosts() -> None:
    table = read_table(
        "127.0.0.1\tlocalhost\n::1 ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n"
        "198.51.100.14\tkafka1.example.com kafka1 # the first\n198.51.100.15\tkafka2\n2001:db8::5  zk1\n"
    )

    assert table.form is Form.ETC_HOSTS
    assert [(row.name, row.address) for row in table.rows] == [
        ("kafka1", "198.51.100.14"),
        ("kafka2", "198.51.100.15"),
        ("zk1", "2001:db8::5"),
    ]
    assert [row.roles for row in table.rows] == [(Role.KAFKA,), (Role.KAFKA,), (Role.ZOOKEEPER,)]
    assert table.notes == ("left out: 3 lines that every machine has about itself",)


FORMS = [
    ("name,ip,user,port\na,198.51.100.1,root,2222\nb,198.51.100.2,root,2222", Form.CSV),
    ("sep=;\nPort;Name;Login;IP\n2222;a;root;198.51.100.1\n2222;b;root;198.51.100.2", Form.CSV),
    ('"host","ip","ssh user","ssh port"\n"a","198.51.100.1","root","2222"\nb,198.51.100.2,root,2222', Form.CSV),
    ("名称\tIP地址\t用户名\t端口\na\t198.51.100.1\troot\t2222\nb\t198.51.100.2\troot\t2222", Form.TSV),
    ("хост;адрес;пользователь;порт\r\na;198.51.100.1;root;2222\r\nb;198.51.100.2;root;2222\r\n", Form.CSV),
    (
        "ｎａｍｅ，ｉｐ，ｕｓｅｒ，ｐｏｒｔ\na，１９８．５１．１００．１，root，２２２２\nb,198.51.100.2,root,2222",
        Form.CSV,
    ),
    ("a: root@198.51.100.1:2222\nb: root@198.51.100.2:2222", Form.LIST),
    ("a = ssh://root@198.51.100.1:2222\nb = ssh://root@198.51.100.2:2222/", Form.LIST),
]
MARKDOWN = """\
| User | Port | **Name** | `Address`      |
|:-----|-----:|:--------:|----------------|
| root | 2222 | a        | `198.51.100.1` |
| root | 2222 | b        | `198.51.100.2` |
"""
COLUMNS = """\
NAME   ADDRESS        USER   PORT
a      198.51.100.1   root   2222
b      198.51.100.2   root   2222
"""
HOST_VARIABLES = """\
a ansible_host=198.51.100.1 ansible_user=root ansible_port=2222
b ansible_host=198.51.100.2 ansible_user=root ansible_port=2222
"""


@pytest.mark.parametrize(
    ("text", "form"),
    [*FORMS, (MARKDOWN, Form.MARKDOWN), (COLUMNS, Form.COLUMNS), (HOST_VARIABLES, Form.ANSIBLE)],
)
def test_one_table_in_many_forms(text: str, form: Form) -> None:
    table = read_table(text)

    assert table.form is form
    assert [(row.name, row.address, row.user, row.port, row.usable) for row in table.rows] == [
        ("a", "198.51.100.1", "root", 2222, True),
        ("b", "198.51.100.2", "root", 2222, True),
    ]


def test_a_list_of_addresses() -> None:
    table = read_table(
        "- 198.51.100.11\nubuntu@198.51.100.12\nssh -p 2222 -i ~/.ssh/lab root@198.51.100.13\n[2001:db8::4]:22\n"
        "zk1.example.com\n198.51.100.20-22\n"
    )

    assert table.form is Form.LIST
    assert [(row.name, row.address, row.user, row.port) for row in table.rows] == [
        ("host1", "198.51.100.11", None, None),
        ("host2", "198.51.100.12", "ubuntu", None),
        ("host3", "198.51.100.13", "root", 2222),
        ("host4", "2001:db8::4", None, 22),
        ("zk1", "zk1.example.com", None, None),
        ("host5", "198.51.100.20", None, None),
        ("host6", "198.51.100.21", None, None),
        ("host7", "198.51.100.22", None, None),
    ]
    assert table.rows[2].key == "~/.ssh/lab"
    assert [row.address for row in read_table("198.51.100.11, 198.51.100.12; 198.51.100.13").rows] == [
        f"198.51.100.1{n}" for n in (1, 2, 3)
    ]


def test_columns_without_a_header_are_taken_for_what_they_hold() -> None:
    table = read_table("kafka1,198.51.100.1,root,22,words\nkafka2,198.51.100.2,root,2222,others\n")

    assert [column for _, column in table.columns] == [Column.NAME, Column.ADDRESS, Column.USER, Column.PORT, None]
    assert "words" not in repr(table)
    assert any("column 5" in note for note in table.notes)


@pytest.mark.parametrize(
    ("address", "message", "taken"),
    [
        ("198.51.100.7/24", "is a network with a prefix length", "198.51.100.7"),
        ("198.51.100.0/24", "198.51.100.0/24 is a network, not a machine", None),
        ("https://198.51.100.7:8443/login?token=abc", "a URL stood there", "198.51.100.7"),
        ("198.51.100.300", "300", None),
        ("198.51.100", "has 3 numbers of the 4", None),
        ("198.51.100.07", "leading zero", "198.51.100.7"),
        ("198.51.100.7 203.0.113.9 (public)", "2 addresses stand there", "198.51.100.7"),
        ("0.0.0.0", "every address", None),
        ("127.0.0.1", "another machine to every machine", "127.0.0.1"),
        ("bad_name.example.com", "no DNS name", None),
        ("2001:db8::g", "no IPv6 address", None),
        ("", "there is no address", None),
    ],
)
def test_addresses_that_are_almost_right(address: str, message: str, taken: str | None) -> None:
    row = read_table(f"name;address;user\n;{address};root\nb;198.51.100.2;root").rows[0]

    assert message in told(row)
    assert row.address == taken
    assert row.usable == (taken is not None)


@pytest.mark.parametrize("port", ["0", "65536", "99999999999999999999", "22a", "-1", "２²"])
def test_ports_that_are_none(port: str) -> None:
    row = read_table(f"name,address,port\na,198.51.100.1,{port}").rows[0]

    assert not row.usable
    assert "ports are 1 to 65535" in told(row)
    assert row.problems[0].column is Column.PORT


def test_other_cells_that_are_left_out() -> None:
    row = read_table("name,address,user,key,jump,sudo\na,198.51.100.1,two words,not a file,http://[,perhaps").rows[0]

    assert row.usable
    assert (row.user, row.key, row.jump, row.sudo) == (None, None, None, None)
    assert [problem.column for problem in row.problems] == [Column.USER, Column.KEY, Column.JUMP, Column.SUDO]
    assert "two words" not in repr(row)
    assert "not a file" not in repr(row)


@pytest.mark.parametrize(
    ("said", "sudo"), [("yes", "auto"), ("no", "never"), ("NOPASSWD", "passwordless"), ("ask", "ask")]
)
def test_sudo(said: str, sudo: str) -> None:
    assert read_table(f"name,address,sudo\na,198.51.100.1,{said}").rows[0].sudo == sudo


def test_jump_hosts_are_named_as_the_table_names_them() -> None:
    table = read_table(
        "name,address,jump host\nGate,198.51.100.9,-\na,198.51.100.1,Gate\nb,198.51.100.2,198.51.100.9\n"
        "c,198.51.100.3,ops@203.0.113.9:2222\n"
    )
    data = {edit.path[1]: edit.value for edit in host_edits(table)}

    assert data["gate"] == "198.51.100.9"
    assert data["a"] == {"address": "198.51.100.1", "ssh": {"jump": "gate"}}
    assert data["b"] == {"address": "198.51.100.2", "ssh": {"jump": "gate"}}
    assert data["c"] == {"address": "198.51.100.3", "ssh": {"jump": "ops@203.0.113.9:2222"}}


def test_names_become_valid_and_stay_apart() -> None:
    table = read_table(
        "name,address\nKafka_1,198.51.100.1\nkafka-1,198.51.100.2\nнода,198.51.100.3\n"
        "peer0.org1.example.com,198.51.100.4\npeer0.org2.example.com,198.51.100.5\n"
    )

    assert [row.name for row in table.rows] == ["kafka-1", "kafka-2", "host1", "peer0-org1", "peer0-org2"]
    assert table.rows[0].changes == ("Kafka_1 becomes kafka-1",)
    assert "line 2 has the name kafka-1, too" in told(table.rows[1])
    assert len(table.usable) == 5


def test_a_machine_that_stands_twice_is_taken_once_for_all_its_roles() -> None:
    table = read_table("name,address\nzk1,198.51.100.1\nkafka1,198.51.100.1\nkafka2,198.51.100.2\n")
    network = session((*host_edits(table), *node_edits(table)))

    assert [row.usable for row in table.rows] == [True, False, True]
    assert "the same machine as in line 2, zk1" in told(table.rows[1])
    assert [node.name for node in network.on("zk1")] == ["zk1", "kafka1"]
    both = read_table("198.51.100.1:2201\n198.51.100.1:2202\n")
    assert len(both.usable) == 2


def test_hosts_that_the_session_has() -> None:
    existing = {
        "a": "198.51.100.1",
        "B": {"address": "2001:db8::2"},
        "c": {"address": "198.51.100.3", "ssh": {"port": 2222}},
    }
    table = read_table(
        "x: 198.51.100.1\na: 198.51.100.9\ny: 2001:db8:0::2\nz: 198.51.100.3\nb: 198.51.100.8\n198.51.100.7\n", existing
    )

    assert [row.usable for row in table.rows] == [False, False, False, True, False, True]
    assert "this machine already, as a" in told(table.rows[0])
    assert "another host a already" in told(table.rows[1])
    assert "this machine already, as B" in told(table.rows[2])
    assert "another host B already" in told(table.rows[4])
    assert read_table("198.51.100.7", {"host1": "198.51.100.1"}).rows[0].name == "host2"


def test_names_that_end_in_their_organization() -> None:
    table = read_table(
        "name,ip,org\npeer0org1,198.51.100.1,Org1\nfoo27org5,198.51.100.2,Org5\nbar-org5,198.51.100.3,Org5\n"
        "org5,198.51.100.4,Org5\n"
    )
    network = session((*host_edits(table), *node_edits(table)))

    assert {node.name: node.host for node in network.peers} == {
        "peer0.org1.example.com": "peer0org1",
        "foo27.org5.example.com": "foo27org5",
        "bar.org5.example.com": "bar-org5",
        "peer0.org5.example.com": "org5",
    }


def test_nodes_join_those_that_are_there() -> None:
    data = {
        "domain": "fab.example.com",
        "hosts": {"old": "198.51.100.1"},
        "kafka": {"kafka1": "old"},
        "organizations": {"org1": {"domain": "one.example.com", "peers": {"peer0": "old"}}},
    }
    table = read_table(
        "[kafka]\nm1 ansible_host=198.51.100.2\nkafka1 ansible_host=198.51.100.3\n"
        "[peers_org1]\nm2 ansible_host=198.51.100.4\n[peers_org2]\nm3 ansible_host=198.51.100.5\n"
    )

    assert node_edits(table, data) == (
        Edit(("kafka", "kafka2"), "m1"),
        Edit(("organizations", "org1", "peers", "peer1"), "m2"),
        Edit(
            ("organizations", "Org2"),
            {"domain": "org2.fab.example.com", "peers": {"peer0": "m3"}, "anchors": ["peer0"]},
        ),
    )


@pytest.mark.parametrize("text", ["", " \n\t\n", "Hello, this is no table at all.", "# nothing", "---\n---|---\n"])
def test_texts_without_hosts_say_what_to_paste(text: str) -> None:
    table = read_table(text)

    assert table.usable == ()
    assert table.notes
    assert host_edits(table) == node_edits(table) == ()
