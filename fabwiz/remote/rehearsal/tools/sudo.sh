#!/bin/sh
# sudo of a rehearsal host: runs the command as it is, whoever asks. It keeps the machine's own sudo, which would
# become the real root and find the real docker, out of a rehearsal.
read_password=no
while [ $# -gt 0 ]; do
    case "$1" in
        --) shift; break ;;
        -p | -u | -g | -C | --prompt | --user) shift 2 ;;
        -S | --stdin) read_password=yes; shift ;;
        -v | --validate | -k | -K) [ $# -eq 1 ] && exit 0; shift ;;
        -*) shift ;;
        *=*) export "$1"; shift ;;
        *) break ;;
    esac
done
[ "$read_password" = yes ] && IFS= read -r _
[ $# -eq 0 ] && exit 0
exec "$@"
