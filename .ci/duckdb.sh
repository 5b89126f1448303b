# shellcheck shell=bash
# DuckDB, the library behind tables: found where the user has it, or brought with npm into build/duckdb. Without it all
# else works. Sourced by setup.sh, which has root, say and logged.
# shellcheck disable=SC2154

readonly duckdb_version=1.4.4 duckdb_package_version=1.4.4-r.1
duckdb_file=$root/build/duckdb/lib/libduckdb.so

# What of the package is for this machine, and the checksum of the library in it.
duckdb_package() {
    case $(uname -sm) in
        'Linux x86_64') echo x64 1ef33048e12235115ac0d277a0aaccbb560e33248144f488b5ac005cd9ba81b5 ;;
        'Linux aarch64') echo arm64 c8e20af1e0064bdb7bf79af4d16f17ee8be16803bc98a4df58588bed1301c042 ;;
        *) return 1 ;;
    esac
}

# The user's own comes first: one of the user's choice, of the system, of conda.
has_own_duckdb() {
    [[ -n ${RAMAL_DUCKDB:-}${DUCKDB_ROOT:-} || -e ${CONDA_PREFIX:-/nowhere}/lib/libduckdb.so ]] ||
        grep -q 'libduckdb\.so' <<<"$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null)"
}

# For list_needs: npm is needed where nothing else can bring the library.
has_duckdb_or_npm() { has_own_duckdb || [[ -f $duckdb_file ]] || has_command npm || ! duckdb_package >/dev/null; }

# fetch_duckdb ARCHITECTURE SHA256 FOLDER: a package's library, checked. Where there is no network, npm would try for
# minutes.
fetch_duckdb() {
    local package=@duckdb/node-bindings-linux-$1@$duckdb_package_version
    cd "$3" &&
        timeout 300 npm pack --silent --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=2000 "$package" &&
        tar -xzf ./*.tgz package/libduckdb.so package/LICENSE &&
        echo "$2  package/libduckdb.so" | sha256sum -c -
}

# provide_duckdb INSTALL: afterwards RAMAL_DUCKDB names the library that set-up has brought, if it has. That there is none
# stops nobody.
provide_duckdb() {
    local may_install=$1 package log=$root/build/duckdb.log scratch
    if has_own_duckdb; then return; fi
    if [[ ! -f $duckdb_file ]]; then
        if [[ $may_install == no ]] || ! has_command npm || ! package=$(duckdb_package); then
            say "going on without DuckDB (libduckdb.so, or set DUCKDB_ROOT), for tables"
            return
        fi
        say "fetching DuckDB $duckdb_version"
        mkdir -p "${duckdb_file%/*}"
        scratch=$(mktemp -d "$root/build/duckdb/XXXXXX")
        # shellcheck disable=SC2086
        if (fetch_duckdb $package "$scratch") >"$log" 2>&1 </dev/null; then
            mv "$scratch/package/LICENSE" "$root/build/duckdb/LICENSE"
            # It appears as a whole, since two may do this at once.
            mv "$scratch/package/libduckdb.so" "$duckdb_file"
        else
            say "going on without DuckDB, for tables: it could not be fetched; see $log"
        fi
        rm -rf "$scratch"
    fi
    [[ ! -f $duckdb_file ]] || export RAMAL_DUCKDB=$duckdb_file
}
