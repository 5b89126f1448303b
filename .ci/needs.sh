# shellcheck shell=bash
# What the project needs, how to see whether it is there, and how to install it.
# Sourced by setup.sh, which has root, say, fail and logged.
# shellcheck disable=SC2154

# need PACKAGE TEXT CHECK…: CHECK is a command that succeeds if the thing is there; PACKAGE is "-"
# where there is nothing to install.
need() {
    need_package+=("$1")
    need_text+=("$2")
    need_check+=("${*:3}")
}

list_needs() {
    local for_tests=$1 compiler=build-essential mpi_library=libopenmpi-dev mpi_launcher=openmpi-bin hdf5_library=libhdf5-openmpi-dev
    # A compiler or an MPI that the user chose is the user's to install.
    [[ -z ${CC:-}${CXX:-} ]] || compiler=-
    [[ -z ${MPI_HOME:-} ]] || mpi_library=- mpi_launcher=-
    [[ -z ${HDF5_ROOT:-} ]] || hdf5_library=-
    need_package=() need_text=() need_check=()
    need $compiler "C and C++20 compilers (GCC 12, Clang 16 or newer, or set CC and CXX)" has_compiler
    need cmake "CMake 3.25 or newer (cmake)" has_cmake
    need ninja-build "Ninja (ninja)" has_command ninja
    need pkg-config "pkg-config" has_command pkg-config
    need $mpi_library "MPI (mpicc with mpi.h, or set MPI_HOME)" has_mpi
    need $mpi_launcher "MPI's launcher (mpirun, or set MPI_HOME)" has_launcher
    need libboost-program-options-dev "Boost.Program_options (library and headers)" \
        has_library boost_program_options boost/program_options.hpp
    need libboost-serialization-dev "Boost.Serialization (library and headers)" \
        has_library boost_serialization boost/archive/binary_oarchive.hpp
    # Debian's was built with Debian's MPI.
    [[ -n ${MPI_HOME:-} ]] || need libboost-mpi-dev "Boost.MPI (library and headers), for programs that use it" has_library boost_mpi boost/mpi.hpp
    need $hdf5_library "parallel HDF5 (h5pcc with hdf5.h, or set HDF5_ROOT), for HDF5 files" has_hdf5
    need libhwloc-dev "hwloc (library and headers), for machines with several NUMA nodes" has_library hwloc hwloc.h
    need nlohmann-json3-dev "nlohmann's JSON (headers), for .npy files and Zarr stores" has_header nlohmann/json.hpp
    need zlib1g-dev "zlib (library and headers), for Zarr stores" has_library z zlib.h
    need libzstd-dev "zstd (library and headers), for Zarr stores" has_library zstd zstd.h
    need libblosc-dev "Blosc (library and headers), for Zarr stores" has_library blosc blosc.h
    need libopenblas-dev "a BLAS (OpenBLAS), for linear algebra of arrays" has_library openblas stddef.h
    need liblapack-dev "LAPACK, for linear algebra of arrays" has_library lapack stddef.h
    need libfftw3-dev "FFTW 3 (library and headers), for Fourier transforms of arrays" has_library fftw3 fftw3.h
    need graphviz "Graphviz (dot), for pictures" has_command dot
    [[ $for_tests == yes ]] || return 0
    # It is large, so for whoever only runs a program it is not installed.
    need npm "npm, to fetch DuckDB, for tables (or set DUCKDB_ROOT)" has_duckdb_or_npm
    need libgtest-dev "GoogleTest (library and headers)" has_library gtest gtest/gtest.h
    need libbenchmark-dev "Google Benchmark (library and headers)" has_library benchmark benchmark/benchmark.h
    # The job scripts run in a Slurm of this machine alone, as whoever runs the tests.
    need slurmctld "Slurm's controller (slurmctld), for the job scripts" has_daemon slurmctld
    need slurmd "Slurm's node daemon (slurmd), for the job scripts" has_daemon slurmd
    need slurm-client "Slurm's commands (sbatch), for the job scripts" has_command sbatch
    need munge "MUNGE (munged), for the job scripts" has_daemon munged
    need gnuplot-nox "gnuplot, for the picture of a scaling run" has_command gnuplot
    need python3-h5py "h5py, to write the HDF5 files that tests read" has_module h5py
    need python3-netcdf4 "netCDF4 for Python, to write netCDF-4 files" has_module netCDF4
    need python3-xarray "xarray, to read what was written" has_module xarray
    need python3-zarr "zarr for Python, to write and read what tests do" has_module zarr
    need gfortran "a Fortran compiler (gfortran), for Fortran inside tasks" has_command "${FC:-gfortran}"
    need hdf5-tools "HDF5's tools (h5dump)" has_command h5dump
    need libsimgrid-dev "SimGrid's SMPI (smpicxx, smpirun), for simulated ranks" has_command smpirun
    need netcdf-bin "netCDF's tools (ncdump)" has_command ncdump
    need libfftw3-mpi-dev "FFTW's library for MPI, for a benchmark" has_library fftw3_mpi fftw3-mpi.h
    need libeigen3-dev "Eigen (headers), to see blocks as its matrices" has_header eigen3/Eigen/Core
    need libxtensor-dev "xtensor (headers), to see blocks as its arrays" has_header xtensor/xadapt.hpp
}

# Installed where we may, but no reason to stop where we may not.
is_optional() {
    case $1 in
        graphviz | libhwloc-dev | pkg-config | libboost-mpi-dev | slurmctld | slurmd | slurm-client | munge | gnuplot-nox | gfortran | libsimgrid-dev) return 0 ;;
        nlohmann-json3-dev | zlib1g-dev | libzstd-dev | libblosc-dev | python3-zarr) return 0 ;;
        npm | libopenblas-dev | liblapack-dev | libfftw3-dev | libfftw3-mpi-dev | libeigen3-dev | libxtensor-dev) return 0 ;;
        libhdf5-openmpi-dev | hdf5-tools | netcdf-bin | python3-h5py | python3-netcdf4 | python3-xarray) return 0 ;;
        ninja-build) has_command make ;;
        *) return 1 ;;
    esac
}

mpi_tool() { printf '%s' "${MPI_HOME:+$MPI_HOME/bin/}$1"; }

has_command() { command -v "$1" >/dev/null 2>&1; }

# Not everybody has the folder of the daemons in PATH.
has_daemon() { PATH=$PATH:/usr/sbin:/sbin has_command "$1"; }

has_compiler() {
    local c_compiler
    read -r c_compiler _ <<<"${CC:-cc}"
    has_command "$c_compiler" && compiles "${CXX:-c++}" concepts
}

has_cmake() {
    local version
    version=$(cmake --version 2>/dev/null | sed -n 's/^cmake version //p') || return 1
    [[ $(printf '%s\n' 3.25 "$version" | sort -V | head -n 1) == 3.25 ]]
}

has_launcher() { has_command "$(mpi_tool mpirun)"; }

# MPI's compiler wrappers call the compiler they were made with unless told. Some machines have no
# wrapper: there the compiler itself knows of MPI.
has_mpi() {
    OMPI_CC=${CC:-cc} MPICH_CC=${CC:-cc} compiles "$(mpi_tool mpicc)" mpi.h && return
    [[ -z ${MPI_HOME:-} ]] && compiles "${CXX:-c++}" mpi.h
}

has_hdf5() {
    if [[ -n ${HDF5_ROOT:-} ]]; then
        [[ -e $HDF5_ROOT/include/hdf5.h || -e $HDF5_ROOT/bin/h5pcc ]]
    else
        has_command h5pcc || has_command h5pcc.openmpi || has_command h5pcc.mpich
    fi
}

has_module() { python3 -c "import $1" >/dev/null 2>&1 || /usr/bin/python3 -c "import $1" >/dev/null 2>&1; }

has_header() { compiles "${CXX:-c++}" "$1"; }
has_library() { compiles "${CXX:-c++}" "$2" -l"$1"; }

# compiles COMPILER HEADER [-lLIBRARY]: the header is found and a program links.
compiles() {
    local header=$2 prefix places=() options=()
    # CXX may carry options; a path to a wrapper may hold spaces.
    local words=("$1")
    has_command "$1" || read -ra words <<<"$1"
    IFS=: read -ra places <<<"${BOOST_ROOT:-}:${CMAKE_PREFIX_PATH:-}"
    for prefix in ${places[@]+"${places[@]}"}; do
        [[ -z $prefix ]] || options+=("-I$prefix/include" "-L$prefix/lib")
    done
    printf '#if !__has_include(<%s>)\n#error\n#endif\nint main() {}\n' "$header" |
        "${words[@]}" -std=c++20 -x c++ - -o "$scratch/probe" \
            ${options[@]+"${options[@]}"} "${@:3}" >/dev/null 2>&1
}

# find_missing TESTS TRUST_DPKG: puts the indices of what is missing into missing.
find_missing() {
    local i check installed=''
    list_needs "$1"
    missing=()
    [[ $2 == no ]] || installed=$(dpkg-query -W -f '|${Package} ${db:Status-Status}|' "${need_package[@]}" 2>/dev/null) || true
    scratch=$(mktemp -d)
    for i in "${!need_text[@]}"; do
        # Debian's own word is faster than a compiler's; but an old cmake may come first in PATH.
        [[ $installed != *"|${need_package[i]} installed|"* || ${need_package[i]} == cmake ]] || continue
        read -ra check <<<"${need_check[i]}"
        "${check[@]}" || missing+=("$i")
    done
    rm -rf "$scratch"
}

can_become_root() { ((EUID == 0)) || { [[ -t 0 ]] && has_command sudo; }; }

# install_packages PACKAGE…
install_packages() {
    local as_root=() update install
    update=(apt-get -q update)
    install=(env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300
        install --no-install-recommends "$@")
    if ((EUID != 0)); then
        if ! can_become_root; then
            say "packages are missing; type this as root, then start again:" >&2
            printf '%s\n' "apt-get update && apt-get install --no-install-recommends $*" >&2
            exit 1
        fi
        say "about to run: sudo ${update[*]}"
        say "    and then: sudo ${install[*]}"
        as_root=(sudo)
    fi
    say "installing $*"
    logged "apt-get update" "$root/build/apt-update.log" ${as_root[@]+"${as_root[@]}"} "${update[@]}"
    logged "install $# packages" "$root/build/apt-install.log" \
        ${as_root[@]+"${as_root[@]}"} "${install[@]}"
}

# provide TESTS INSTALL: after it, what is needed is there, or the script has ended with a list.
provide() {
    local for_tests=$1 may_install=$2 i packages=() required=no hopeless=() spared=()
    [[ $may_install == no ]] || has_command apt-get || may_install=no
    find_missing "$for_tests" "$may_install"
    for i in ${missing[@]+"${missing[@]}"}; do
        [[ ${need_package[i]} == - ]] || packages+=("${need_package[i]}")
        is_optional "${need_package[i]}" || required=yes
    done
    # What is only nice to have stops nobody who cannot install it.
    [[ $required == yes ]] || can_become_root || may_install=no
    if [[ $may_install == yes ]] && ((${#packages[@]})); then
        install_packages "${packages[@]}"
        find_missing "$for_tests" yes
    fi
    for i in ${missing[@]+"${missing[@]}"}; do
        if is_optional "${need_package[i]}"; then
            spared+=("${need_text[i]}")
        else
            hopeless+=("${need_text[i]}")
        fi
    done
    if ((${#hopeless[@]} == 0)); then
        ((${#spared[@]} == 0)) || printf 'ramal: going on without %s\n' "${spared[@]}"
        return
    fi
    say "missing, please install:" >&2
    printf '    %s\n' "${hopeless[@]}" ${spared[@]+"${spared[@]/%/ (not required)}"} >&2
    [[ ${missing[0]} != 0 ]] || say "(without a compiler no library can be seen, so some may be there)" >&2
    exit 1
}
