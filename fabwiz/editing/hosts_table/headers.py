"""What the columns of a table are called, in English, Chinese and Russian, and what is taken for a password."""

from __future__ import annotations

import re

from fabwiz.editing.hosts_table.raw import Column
from fabwiz.rules.addresses import ip_of

_WORDS = {
    Column.NAME: "name|node|node name|host|server|server name|machine|machine name|vm|instance|"
    "节点名称|节点名|节点|名称|名字|主机|服务器|服务器名称|机器|имя|имя узла|узел|название|хост|сервер|машина",
    Column.HOSTNAME: "hostname|host name|fqdn|dns|dns name|domain name|inventory hostname|"
    "主机名|主机名称|域名|имя хоста|доменное имя|домен|dns имя",
    Column.ADDRESS: "address|ip|ip address|ip addr|addr|ipv4|ipv6|ipv4 address|ipv6 address|public ip|private ip|"
    "internal ip|external ip|host address|ip地址|地址|公网ip|内网ip|公网地址|内网地址|адрес|ip адрес|айпи|айпи адрес",
    Column.USER: "user|username|user name|login|login name|account|ssh user|os user|"
    "用户|用户名|账号|账户|登录名|登录用户|пользователь|имя пользователя|логин|учетная запись|учётная запись",
    Column.PORT: "port|ssh port|sshd port|端口|端口号|ssh端口|порт|порт ssh|ssh порт",
    Column.KEY: "key|key file|keyfile|ssh key|identity|identity file|identityfile|private key|private key file|"
    "密钥|私钥|密钥文件|私钥文件|ключ|файл ключа|ключ ssh|ssh ключ",
    Column.JUMP: "jump|jump host|jumphost|proxy|proxyjump|proxy jump|bastion|bastion host|gateway|via|"
    "跳板机|跳板|堡垒机|бастион|джамп хост|прокси|шлюз|через",
    Column.SUDO: "sudo|become|sudo mode|root rights|提权|судо",
    Column.ROLES: "role|roles|service|services|function|group|groups|runs|components|"
    "角色|服务|用途|分组|роль|роли|сервис|сервисы|службы|группа|группы|назначение",
    Column.ORGANIZATION: "org|organization|organisation|org name|organization name|组织|组织名称|机构|организация|орг",
}
_KNOWN = {word: column for column, words in _WORDS.items() for word in words.split("|")}
_PASSWORD = re.compile(
    r"pass(?:wor[dt]|wd|phrase|code)?(?:$|[^a-z])|password|passwd|(?:^|[^a-z])(?:pwd|pw|pin|secrets?|tokens?)(?:$|[^a-z])"
    r"|credential|密码|密碼|口令|парол|пин-?код|секрет"
)
_SEPARATORS = re.compile(r"[\s_*`?:!.()\[\]/#-]+")


def is_secret(word: str) -> bool:
    """Whether what stands under, or after, this word is to be taken for a password."""
    return _PASSWORD.search(word[:200].lower().replace("_", " ")) is not None


def meaning(header: str) -> Column | None:
    """What the column under a header says; `None` for one that is not known."""
    word = _SEPARATORS.sub(" ", header[:200].lower()).strip()
    if (known := _KNOWN.get(word)) is not None:
        return known
    if is_secret(header):
        return Column.PASSWORD
    # `IP Address (public)`, `SSH port no`: the first words tell
    words = word.split()
    return next((_KNOWN[part] for n in (2, 1) if n < len(words) and (part := " ".join(words[:n])) in _KNOWN), None)


def header_of(cells: list[str]) -> list[Column | None] | None:
    """What the columns say if this row is a header; each meaning but that of passwords goes to its first column."""
    if any(ip_of(cell) for cell in cells):
        return None
    found: list[Column | None] = []
    for cell in cells:
        column = meaning(cell)
        found.append(None if column in found and column is not Column.PASSWORD else column)
    known = {column for column in found if column is not None}
    tells_hosts = known & {Column.NAME, Column.HOSTNAME, Column.ADDRESS}
    return found if tells_hosts and (len(known) > 1 or len(cells) == 1) else None
