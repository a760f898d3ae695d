# Sourced by fresh-root and fresh-container: an empty Debian, what it is lent of this machine, and a command in it.

for program in mmdebstrap unshare; do
    command -v "$program" >/dev/null 2>&1 || { echo "$0: $program is missing: sudo apt-get install mmdebstrap util-linux" >&2; exit 1; }
done
base=$(mktemp -d)
trap 'rm -rf --one-file-system "$base"' EXIT

# SUITE TARGET PACKAGES: an empty Debian with these packages, from the mirror that this machine uses
empty_debian() {
    mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\).*/\2/p' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -1)
    mmdebstrap --quiet --variant=minbase --include="$3" "$1" "$2" "${mirror:-http://deb.debian.org/debian}"
}

# how this machine reaches apt, pip and their certificates: what the settings of pip, OpenSSL, curl and git name, and
# their own files
lent() {
    for path in /etc/resolv.conf /etc/hosts /etc/ssl/certs /etc/pip.conf /etc/apt/apt.conf.d "$HOME/.config/pip" "$HOME/.config/uv" \
        "${PIP_CERT:-}" "${PIP_CONFIG_FILE:-}" "${UV_CONFIG_FILE:-}" "${SSL_CERT_FILE:-}" "${SSL_CERT_DIR:-}" \
        "${REQUESTS_CA_BUNDLE:-}" "${CURL_CA_BUNDLE:-}" "${GIT_SSL_CAINFO:-}"; do
        [ -z "$path" ] || readlink -e "$path" || true
    done
}

# ROOT FOLDER COMMAND...: run a command in a folder of a root. The sandbox wants a root that is a mount point, which a
# chroot's is not: this pivots into the new one, in a mount namespace of its own, and lends it the above, read-only.
in_root() {
    LENT=$(lent) unshare --mount sh -eu -c '
        root=$1; folder=$2; shift 2
        mount --make-rprivate /
        mount --rbind "$root" "$root"
        for path in $LENT; do
            [ ! "$path" -ef "$root$path" ] || continue  # lent with its folder
            if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root${path%/*}"; : >>"$root$path"; fi
            mount --bind -o ro "$path" "$root$path"
        done
        cd "$root"
        mount -t proc proc proc
        mount --rbind /sys sys
        mount --rbind /dev dev
        mkdir .old
        pivot_root . .old
        umount -l /.old
        cd "$folder"
        exec env HOME=/root LC_ALL=C.UTF-8 "$@"' sh "$@"
}
