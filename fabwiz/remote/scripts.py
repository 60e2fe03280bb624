"""The shell scripts that place bundles (see `transfer`) and large files (see `ship`): plain POSIX sh, for busybox too.

Paths come as lines of standard input and never hold line ends or backslashes; each is used behind `./` or a folder.
"""

from __future__ import annotations

BAD_CHECKSUM = 65
NO_CHECKSUM = 66
OTHER_WRITER = 67

# sums FILE...: `<sha256>  <file>`, or `<sha256> *<file>`, a line
SUMS = f"""\
if command -v sha256sum >/dev/null; then sums() {{ sha256sum -- "$@"; }}
elif command -v shasum >/dev/null; then sums() {{ shasum -a 256 -- "$@"; }}
elif command -v openssl >/dev/null; then sums() {{ openssl dgst -sha256 -r "$@"; }}
elif command -v python3 >/dev/null; then sums() {{ python3 -c 'import hashlib, sys
for f in sys.argv[1:]: print(hashlib.sha256(open(f, "rb").read()).hexdigest(), "", f)' "$@"; }}
else exit {NO_CHECKSUM}; fi
"""

# LOOK FOLDER TOKEN MANIFEST PENDING: for the paths of standard input `mode <st_mode in hex> <path>` and
# `sum <sha256> <path>`, `litter` if a killed run left something, then both manifests, each behind the token
LOOK = f"""\
{SUMS}
dir=$1 token=$2 manifest=$3 pending=$4
if cd -- "$dir" 2>/dev/null; then
  set --
  while IFS= read -r path; do
    if [ -h "./$path" ] || [ -e "./$path" ]; then
      stat -c 'mode %f %n' "./$path" || echo "mode 0 ./$path"
      [ -f "./$path" ] && [ ! -h "./$path" ] && set -- "$@" "./$path"
    fi
  done
  [ $# = 0 ] || sums "$@" | while IFS= read -r line; do printf 'sum %s\\n' "$line"; done
  for path in ./.fabwiz-incoming.*; do [ -e "$path" ] && echo litter; done
else
  [ -d "$dir" ] && {{ echo "$dir cannot be entered" >&2; exit 1; }}
  cat >/dev/null
fi
echo "$token"
[ -f "$dir/$manifest" ] && cat -- "$dir/$manifest"
echo; echo "$token"
[ -f "$dir/$pending" ] && cat -- "$dir/$pending"
exit 0
"""

# PREPARE FOLDER: make it, and clear away what killed runs left
PREPARE = """\
umask 077
mkdir -p -- "$1" && rm -rf -- "$1"/.fabwiz-incoming.*
"""

# PLACE FOLDER INCOMING SHA256 MANIFEST PENDING: unpack INCOMING.tgz and follow the orders of standard input:
# `put BITS PATH`, `mode BITS PATH`, `del PATH`
PLACE = f"""\
umask 077
dir=$1 new=$2 digest=$3 manifest=$4 pending=$5
cleanup() {{ rm -rf -- "$new" "$new.tgz" "$new.orders"; }}
trap cleanup EXIT
trap 'exit 75' HUP INT TERM
fail() {{ echo "$1" >&2; exit 1; }}
{SUMS}
set -- $(sums "$new.tgz")
[ "$1" = "$digest" ] || exit {BAD_CHECKSUM}
cat >"$new.orders" && mkdir -- "$new" && tar -xzpomf "$new.tgz" -C "$new" || fail "the archive cannot be unpacked"
while read -r order path; do
  [ "$order" = put ] || continue
  mode=${{path%% *}} path=${{path#* }}
  # busybox's tar does not restore modes for everybody
  chmod "$mode" "$new/$path" || fail "the archive lacks $path"
  # Docker makes an empty folder where it was to mount a file that was not there yet
  if [ -d "$dir/$path" ] && [ ! -h "$dir/$path" ]; then
    rmdir -- "$dir/$path" 2>/dev/null || fail "$dir/$path is a folder that is not empty, and a file is to be there"
  fi
  [ -d "$dir/$path" ] && fail "$dir/$path leads to a folder, and a file is to be there"
  case $path in */*) mkdir -p -- "$dir/${{path%/*}}" || fail "no folder for $path" ;; esac
done <"$new.orders"
cp -- "$new/$manifest" "$new/$pending" && sync -f "$new" 2>/dev/null || sync
mv -f -- "$new/$pending" "$dir/$pending" || fail "$dir cannot be written"
while read -r order path; do
  case $order in
  put)
    path=${{path#* }}
    mv -f -- "$new/$path" "$dir/$path" || fail "$path cannot be put in place" ;;
  mode) chmod "${{path%% *}}" "$dir/${{path#* }}" || fail "${{path#* }} cannot get its mode" ;;
  del)
    rm -f -- "$dir/$path" || fail "$path cannot be removed"
    while case $path in */*) true ;; *) false ;; esac; do
      path=${{path%/*}}
      rmdir -- "$dir/$path" 2>/dev/null || break
    done ;;
  esac
done <"$new.orders"
mv -f -- "$new/$manifest" "$dir/$manifest" && rm -f -- "$dir/$pending" || fail "the manifest cannot be written"
exit 0
"""

# PART FILE: make its folder; print `gzip ` if that is there, and `size <bytes>` and `sum <sha256>` of the file
PART = f"""\
umask 077
{SUMS}
mkdir -p -- "${{1%/*}}" || exit 1
if command -v gzip >/dev/null; then echo "gzip "; fi
if [ -f "$1" ] && [ ! -h "$1" ]; then
  echo "size $(stat -c %s -- "$1")"
  set -- $(sums "$1") && echo "sum $1"
fi
exit 0
"""

# TAKE FILE OFFSET UNPACK: append what comes as `<size>\\n<bytes>`, each through UNPACK (cat or gzip), until
# `end <sha256>`; prints `go`, then `ok` for each piece that is in the file
TAKE = f"""\
umask 077
part=$1 offset=$2 unpack=$3
{SUMS}
if [ "$offset" = 0 ]; then rm -rf -- "$part" && : >"$part" || exit 1; fi
[ "$(stat -c %s -- "$part")" = "$offset" ] || exit {OTHER_WRITER}
[ "$unpack" = gzip ] && unpack='gzip -dc'
echo go
while read -r size sum; do
  if [ "$size" = end ]; then
    set -- $(sums "$part")
    [ "$1" = "$sum" ] && exit 0
    rm -f -- "$part"
    exit {BAD_CHECKSUM}
  fi
  dd bs="$size" count=1 iflag=fullblock 2>/dev/null | $unpack >>"$part" || exit 1
  echo ok
done
echo "the transfer broke off" >&2
exit 1
"""
