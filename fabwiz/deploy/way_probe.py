"""Asking a host whether it gets through to ports of others: a connection is begun to each, all at once.

A port at which nothing listens yet answers all the same, `refused`. Where a firewall stands between, either nothing
comes back, or a router or the host itself says that there is no way. (A firewall that answers as a closed port does,
`--reject-with tcp-reset`, cannot be told from one.) Whatever the host has does the asking; Debian, Ubuntu and RHEL
come with one of these at their smallest.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from enum import StrEnum

from fabwiz.remote.answers import number
from fabwiz.remote.connection import Connection

SECONDS = 5
"""What comes later is no answer: a connection's first packet has been sent three times by then (RFC 6298)."""
_SLACK = 55.0

# SECONDS ADDRESS PORT...: one line for each pair, `way ADDRESS PORT WORDS`. TOOL in the environment names the only
# tool to use, for tests.
PROBE_SCRIPT = r"""
LC_ALL=C; export LC_ALL
seconds=$1; shift
has() { [ "${TOOL:-$1}" = "$1" ] && command -v "$1" >/dev/null 2>&1; }
for python in python3 /usr/libexec/platform-python python; do
  has "$python" || continue
  exec "$python" -c '
import errno, socket, sys, threading
def ask(address, port):
    try:
        socket.create_connection((address, int(port)), float(sys.argv[1])).close()
        words = "open"
    except socket.timeout:
        words = "timed out"
    except (OSError, socket.error) as error:
        words = error.strerror or str(error)
    sys.stdout.write("way %s %s %s\n" % (address, port, words))
pairs = zip(sys.argv[2::2], sys.argv[3::2])
threads = [threading.Thread(target=ask, args=pair) for pair in pairs]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
' "$seconds" "$@"
done
if has perl; then exec perl -MIO::Socket::INET -e '
my $seconds = shift;
while (my ($address, $port) = splice @ARGV, 0, 2) {
  next if fork;
  my $s = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Proto => "tcp", Timeout => $seconds);
  print "way $address $port ", ($s ? "open" : "$!"), "\n";
  exit;
}
1 while wait > 0;
' "$seconds" "$@"; fi
if has bash && command -v timeout >/dev/null 2>&1; then
  one() {
    words=$(timeout "$seconds" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1); code=$?
    case $code in 0) words=open ;; 124) words='timed out' ;; esac
    printf 'way %s %s %s\n' "$1" "$2" "$(printf '%s' "$words" | tr '\r\n' '  ')"
  }
elif has nc; then
  one() {
    if words=$(nc -z -v -w "$seconds" "$1" "$2" 2>&1 </dev/null); then words=open; fi
    printf 'way %s %s %s\n' "$1" "$2" "$(printf '%s' "$words" | tr '\r\n' '  ')"
  }
elif has curl; then
  one() {
    case $1 in *:*) url="telnet://[$1]:$2" ;; *) url="telnet://$1:$2" ;; esac
    words=$(curl -sv -m "$seconds" "$url" 2>&1 </dev/null)
    case $words in *'Connected to'*) words=open ;; esac
    printf 'way %s %s %s\n' "$1" "$2" "$(printf '%s' "$words" | tr '\r\n' '  ')"
  }
else echo nothing; exit 0; fi
while [ $# -gt 1 ]; do one "$1" "$2" & shift 2; done
wait
"""

Target = tuple[str, int]
"""An IP address and a port."""


class Answer(StrEnum):
    """What came back."""

    THROUGH = "through"
    """Something listens there, or the host says that nothing does."""
    SILENCE = "silence"
    NO_WAY = "no way"
    """Somebody says that there is none."""
    UNCLEAR = "unclear"
    """The host's tool did not say."""


def ask(connection: Connection, targets: Sequence[Target]) -> Mapping[Target, Answer] | None:
    """What each target answers to a host, `None` where it has nothing to ask with. Changes nothing.

    Silence is asked about twice: a packet may get lost. Takes a little more than twice SECONDS at most. Raises
    RemoteError.
    """
    found = _once(connection, targets)
    if found is None:
        return None
    if silent := [target for target, answer in found.items() if answer is Answer.SILENCE]:
        found |= _once(connection, silent) or {}
    return found


def _once(connection: Connection, targets: Sequence[Target]) -> dict[Target, Answer] | None:
    words = [word for address, port in targets for word in (address, str(port))]
    argv = ["sh", "-c", PROBE_SCRIPT, "ways", str(SECONDS), *words]
    said = connection.run(argv, timeout=SECONDS + _SLACK).check("asking it for other hosts' ports").stdout
    if said.strip() == "nothing":
        return None
    found = parse(said)
    return {target: found.get(target, Answer.UNCLEAR) for target in targets}


def parse(text: str) -> dict[Target, Answer]:
    """Read what PROBE_SCRIPT prints; other lines are passed over."""
    found: dict[Target, Answer] = {}
    for line in text.splitlines():
        match line.split(" ", 3):
            case ["way", address, port, words] if (at := number(port)) is not None and _is_address(address):
                found[address, at] = _answer(words.lower())
    return found


def _answer(words: str) -> Answer:
    if words.strip() == "open" or "refused" in words:
        return Answer.THROUGH
    # what iptables and routers answer becomes these errors of connect(2): icmp(7), Linux's icmp_err_convert
    if any(sign in words for sign in ("no route", "unreachable", "not permitted", "permission denied", "host is down")):
        return Answer.NO_WAY
    return Answer.SILENCE if "timed out" in words or "timeout" in words else Answer.UNCLEAR


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
