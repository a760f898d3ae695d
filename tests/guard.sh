#!/bin/sh
# Runs hostile code so that a hole in the sandbox under test cannot hurt this machine:
#     tests/guard.sh COMMAND [ARGUMENT...]
# Everything the command starts lives in a pid namespace of its own: `kill -1` stays inside, and what is left over
# ends with the command. From Linux 6.14 on, where the kernel counts them per namespace, at most 700 processes and
# threads fit in. A process maps at most 12 GiB and writes at most 2 GiB to a file. Needs root.
# The guard is no sandbox: files and network stay open.
set -eu
[ "$(id -u)" = 0 ] || { echo "guard.sh: root is needed to make a pid namespace" >&2; exit 2; }
export GUARDED=1 GUARDED_PIDS=
# on an older kernel pid_max is the whole machine's: leave it alone
[ "$(printf '6.14\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.14 ] && GUARDED_PIDS=700
# shellcheck disable=SC2016  # expanded by the inner shell
exec prlimit --as=$((12 << 30)) --fsize=$((2 << 30)) --core=0 \
    unshare --fork --pid --mount-proc --kill-child=KILL sh -c '
        [ -z "$GUARDED_PIDS" ] || echo "$GUARDED_PIDS" > /proc/sys/kernel/pid_max
        exec "$@"' guard "$@"
