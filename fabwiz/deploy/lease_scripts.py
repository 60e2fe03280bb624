"""The shell scripts that keep a lease on a host: plain POSIX sh, for busybox too.

A lease is the folder `.fabwiz-lease` in `remote_dir`. Whoever's token stands in the name of its one file `held.TOKEN`
has it; `about.TOKEN` says who that is, `beat.TOKEN` when the lease was last renewed: `BOOT UPTIME CLOCK`, the host's
boot id, seconds since boot and seconds since 1970. Every change of hands is one rename of a name that nobody else
can have renamed as well: a whole folder put where none is, or `held.ONE` to `held.OTHER`. So nothing has to be locked,
and a script that is cut off at any place leaves either holder, or none. Tokens are never used again, so that who
clears away the leftovers that he has listed cannot hit what has come since. `made.TOKEN` names the topmost folder that
was not there before the lease: it goes with it if nothing else has come there.

How old a renewal is, is told by the time since boot, which no clock that is set can change; after a reboot by the
host's clock, and at least by the time since then. A clock that is behind the renewal after a reboot tells nothing:
such a lease has expired.
"""

from __future__ import annotations

FOLDER = ".fabwiz-lease"
"""Below `remote_dir`; with a dot and a token behind it, what a script that was cut off has left."""

# clock: `BOOT UPTIME CLOCK`
_CLOCK = r"""
clock() {
  boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null) || boot=
  up=$(cut -d. -f1 /proc/uptime 2>/dev/null) || up=
  echo "${boot:-none} ${up:-0} $(date -u +%s)"
}
"""

# look: `other`, the token that has the lease, if any, and `left`, all other names; age BOOT UPTIME CLOCK: seconds since
# the renewal that these tell
_HOLDER = r"""
look() {
  other= left=
  for file in "$lease"/* "$lease"/.[!.]*; do
    name=${file##*/}
    case $name in
    held.*) [ "$name" = 'held.*' ] || other=${name#held.} ;;
    *) [ ! -e "$file" ] || left="$left $name" ;;
    esac
  done
}
age() {
  case $2,$3 in ,* | *, | *[!0-9,]*) echo "$ttl"; return ;; esac
  if [ "$1" = "$boot" ] && [ "$boot" != none ] && [ "$up" -ge "$2" ]; then echo $((up - $2))
  elif [ "$now" -ge "$3" ]; then
    since=$((now - $3))
    if [ "$boot" = none ] || [ "$since" -ge "$up" ]; then echo "$since"; else echo "$up"; fi
  elif [ "$boot" = none ] && [ $(($3 - now)) -lt "$ttl" ]; then echo 0
  else echo "$ttl"
  fi
}
told() {
  echo "held $1"
  echo "age $(age $(cat "$lease/beat.$1" 2>/dev/null))"
  sed 's/^/about /' "$lease/about.$1" 2>/dev/null
}
"""

# FOLDER TOKEN TTL DISPLACED ABOUT: take the lease if nobody has it, if it has expired, or if DISPLACED has it.
# Prints `clock BOOT UPTIME CLOCK`, then `taken`, before it `from TOKEN` and that one's `about` lines if it was
# another's; or `held TOKEN`, `age SECONDS`, `about SINCE`, `about JSON` of who has it; or `again`, if it changed hands
# meanwhile: with a new token.
TAKE = (
    _CLOCK
    + _HOLDER
    + rf"""
umask 077
dir=$1 token=$2 ttl=$3 displaced=$4 about=$5
lease=$dir/{FOLDER}
set -- $(clock)
boot=$1 up=$2 now=$3
echo "clock $boot $up $now"
describe() {{
  printf '%s\n%s\n' "$now" "$about" >"$1/about.$token" && echo "$boot $up $now" >"$1/beat.$token"
}}
won() {{
  for file in "$lease".*; do [ ! -e "$file" ] || rm -rf -- "$file"; done
  echo taken
  exit 0
}}
tries=0
while [ "$tries" -lt 20 ]; do
  tries=$((tries + 1))
  look
  if [ "$other" ]; then
    if [ "$other" != "$displaced" ] && [ "$(age $(cat "$lease/beat.$other" 2>/dev/null))" -lt "$ttl" ]; then
      told "$other"
      exit 0
    fi
    story=$(told "$other")
    if ! describe "$lease" 2>/dev/null; then
      rm -f -- "$lease/about.$token" "$lease/beat.$token"
      [ ! -d "$lease" ] || break
      continue
    fi
    if mv -- "$lease/held.$other" "$lease/held.$token" 2>/dev/null; then
      echo "from $other"
      printf '%s\n' "$story" | sed -n '/^about /p'
      mv -- "$lease/made.$other" "$lease/made.$token" 2>/dev/null
      rm -f -- "$lease/about.$other" "$lease/beat.$other" "$lease/.beat.$other"
      won
    fi
    rm -f -- "$lease/about.$token" "$lease/beat.$token"
    echo again
    exit 0
  elif [ -d "$lease" ]; then
    # what was left when a release was cut off; a change of hands may hide from one look, but not from two
    found=$left
    look
    [ -z "$other" ] || continue
    for name in $found; do rm -rf -- "$lease/$name"; done
    rmdir -- "$lease" 2>/dev/null
  else
    made= folder=$dir
    while [ ! -d "$folder" ] && [ "$folder" != / ] && [ "$folder" != . ]; do
      made=$folder
      folder=$(dirname -- "$folder")
    done
    new=$lease.$token
    rm -rf -- "$new"
    # printf, for `:` would end the whole script where it cannot write
    mkdir -p -- "$dir" && mkdir -- "$new" && describe "$new" && printf '' >"$new/held.$token" || {{
      rm -rf -- "$new"
      continue
    }}
    [ -z "$made" ] || printf '%s\n' "$made" >"$new/made.$token"
    mv -- "$new" "$lease" 2>/dev/null
    [ ! -e "$lease/held.$token" ] || won
    rm -rf -- "$new" "$lease/{FOLDER}.$token"
  fi
done
echo "$lease cannot be written" >&2
exit 1
"""
)

# FOLDER TOKEN TTL: renew it. Prints `renewed`, or nothing but `held TOKEN`, `age SECONDS`, `about ...` of another
# that has it now, or `gone` if nobody has it.
RENEW = (
    _CLOCK
    + _HOLDER
    + rf"""
umask 077
dir=$1 token=$2 ttl=$3
lease=$dir/{FOLDER}
set -- $(clock)
boot=$1 up=$2 now=$3
echo "clock $boot $up $now"
if [ -e "$lease/held.$token" ]; then
  echo "$boot $up $now" >"$lease/.beat.$token" && mv -f -- "$lease/.beat.$token" "$lease/beat.$token" || {{
    [ ! -e "$lease/held.$token" ] || exit 1
  }}
  if [ -e "$lease/held.$token" ]; then
    echo renewed
    exit 0
  fi
  rm -f -- "$lease/beat.$token" "$lease/.beat.$token"
fi
look
if [ "$other" ]; then told "$other"; else echo gone; fi
exit 0
"""
)

# FOLDER TOKEN TIDY PARENT: give it back, if it is still ours, with the folders that came with it; with TIDY also
# `remote_dir` and PARENT, the folder around it that is ours, where they are empty
RELEASE = rf"""
dir=$1 token=$2 tidy=$3 parent=$4
lease=$dir/{FOLDER}
rm -- "$lease/held.$token" </dev/null 2>/dev/null || exit 0
made=$(cat "$lease/made.$token" 2>/dev/null)
rm -f -- "$lease/about.$token" "$lease/beat.$token" "$lease/.beat.$token" "$lease/made.$token"
rmdir -- "$lease" 2>/dev/null || exit 0
if [ "$tidy" ]; then
  rmdir -- "$dir" 2>/dev/null
  case $dir in "$parent"/*) rmdir -- "$parent" 2>/dev/null ;; esac
fi
folder=$dir
while [ "$made" ]; do
  [ ! -d "$folder" ] || rmdir -- "$folder" 2>/dev/null || break
  [ "$folder" != "$made" ] || break
  case $folder in "$made"/*) folder=$(dirname -- "$folder") ;; *) break ;; esac
done
exit 0
"""
