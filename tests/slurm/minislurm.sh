#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A real Slurm of a few emulated nodes on this machine, for tests: as root or not, without systemd, cgroups and
# database, on the loopback interface only.
#
#   minislurm.sh start PLACE [PID]    PLACE becomes a link to its folder; it also ends when process PID does
#   minislurm.sh stop PLACE           leaves its logs in PLACE.log
#
# start ends with 77 where there is no Slurm or no way to emulate nodes, and says so. Users source PLACE/env.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # where the daemons are
nodes=6 cpus=2 # as many CPUs as the smallest machine has: ranks can be bound to them

say() { printf '%s\n' "minislurm: $*"; }
skip() { say "skipped: $*" && exit 77; }

# kill -0 would count zombies, which nobody may reap.
lives() {
    local state
    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)
    [[ -n $state && $state != Z ]]
}

runs() { [[ -s $1 ]] && lives "$(<"$1")"; }

# A node has its own host name, /dev/shm and process numbers, so that MPI sees several machines; when its first
# process ends, everything on it does. Without root it needs a user namespace of its own.
find_namespaces() {
    namespaces=(--uts --mount --pid --fork --kill-child=KILL --mount-proc)
    ! unshare "${namespaces[@]}" true 2>/dev/null || return 0
    namespaces=(--user --map-current-user --keep-caps "${namespaces[@]}")
    unshare "${namespaces[@]}" true
}

# find_ports: the first of a block of 100, the same for the same folder unless something listens there.
find_ports() {
    local start try port
    start=$(cksum <<<"$place" | cut -d ' ' -f 1)
    for ((try = 0; try < 20; ++try)); do
        first_port=$((10000 + (start + try) % 200 * 100))
        for ((port = first_port; port <= first_port + nodes; ++port)); do
            # Nobody answers: good.
            ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || continue 2
        done
        return
    done
    say "found no free ports" >&2 && return 1
}

write_configuration() {
    local user node affinity=none version
    user=$(id -un)
    # Binding needs the real CPUs that the emulated nodes claim.
    ! taskset -c "0-$((cpus - 1))" true 2>/dev/null || affinity=affinity
    cat >"$folder/slurm.conf" <<CONF
ClusterName=mini
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$first_port
SrunPortRange=$((first_port + 10))-$((first_port + 99))
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
TmpFS=$folder/tmp/%n
SlurmctldPidFile=$folder/pid/slurmctld
SlurmdPidFile=$folder/pid/slurmd.%n
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/slurmd.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/$affinity
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/completed
MpiDefault=none
MailProg=/bin/true
# The nodes may claim more than the machine has.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
# Quick decisions and a short time between TERM and KILL, for short tests.
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
KillWait=5
SlurmdTimeout=30
ReturnToService=2
MinJobAge=3600
CONF
    for ((node = 1; node <= nodes; ++node)); do
        echo "NodeName=n$node NodeHostname=localhost NodeAddr=127.0.0.1 Port=$((first_port + node))" \
            "Sockets=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=4000"
    done >>"$folder/slurm.conf"
    echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE DefaultTime=10" >>"$folder/slurm.conf"
    # Newer ones want to be told that there are no cgroups; older ones do not know the word.
    version=$(slurmctld -V | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
    if [[ $(printf '%s\n' 23.11 "$version" | sort -V | head -n 1) == 23.11 ]]; then
        echo "CgroupPlugin=disabled" >"$folder/cgroup.conf"
    else
        printf '%s\n' "CgroupPlugin=cgroup/v1" "CgroupAutomount=no" >"$folder/cgroup.conf"
    fi
    {
        echo "127.0.0.1 localhost $(uname -n)"
        for ((node = 1; node <= nodes; ++node)); do echo "127.0.0.1 n$node"; done
    } >"$folder/hosts"
    {
        echo "export SLURM_CONF=$folder/slurm.conf"
        echo "slurm_binds=$([[ $affinity == none ]] && echo no || echo yes)"
    } >"$folder/env"
}

start_munge() {
    (umask 077 && head -c 1024 /dev/urandom >"$folder/munge/key")
    munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
        --pid-file="$folder/pid/munged" --log-file="$folder/log/munged" --seed-file="$folder/munge/seed" \
        >"$folder/log/munged.out" 2>&1 </dev/null
}

# It looks up the names of nodes and of this machine now and then, and would stand still while a name server
# is asked for them.
start_controller() {
    local apart=(--mount)
    [[ ${namespaces[0]} != --user ]] || apart=(--user --map-current-user --keep-caps --mount)
    # shellcheck disable=SC2016
    folder=$folder unshare "${apart[@]}" bash -c 'mount --bind "$folder/hosts" /etc/hosts && exec slurmctld -c' \
        >"$folder/log/slurmctld.out" 2>&1 </dev/null
}

start_node() {
    local node=$1
    mkdir -p "$folder/spool/$node" "$folder/tmp/$node"
    # The shell stays as the node's first process: it takes in what its daemons leave behind.
    # shellcheck disable=SC2016
    node=$node folder=$folder setsid unshare "${namespaces[@]}" bash -c '
        hostname "$node" && mount -t tmpfs -o size=1g,mode=1777 shm /dev/shm &&
            mount --bind "$folder/hosts" /etc/hosts || exit
        slurmd -D -N "$node" &
        trap "kill $!" TERM
        while kill -0 $! 2>/dev/null; do wait $!; done' \
        >"$folder/log/$node" 2>&1 </dev/null &
    echo $! >"$folder/pid/$node"
}

# Without a controller sinfo would try for minutes.
nodes_up() { timeout 5 sinfo -h -t idle,alloc,mix -o %D 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'; }

# stop_process FILE: TERM to the process whose number is in it, then KILL.
stop_process() {
    local process try
    if runs "$1"; then
        process=$(<"$1")
        kill "$process" 2>/dev/null || true
        for ((try = 0; try < 50; ++try)); do
            lives "$process" || break
            sleep 0.1
        done
        kill -KILL "$process" 2>/dev/null || true
    fi
    rm -f "$1"
}

# What unshare waits for is the node's first process; with it everything there ends.
stop_node() {
    local file=$1 process children=()
    if runs "$file"; then
        process=$(<"$file")
        read -ra children <"/proc/$process/task/$process/children" || true
        for process in ${children[@]+"${children[@]}"}; do kill "$process" 2>/dev/null || true; done
    fi
    stop_process "$file"
}

# A test run that is killed does not get to stop its cluster.
watch_process() {
    # shellcheck disable=SC2016
    setsid bash -c 'while kill -0 "$1" 2>/dev/null && [[ -e $2/env ]]; do sleep 1; done
        [[ ! -e $2/env ]] || exec bash "$3" stop "$4"' \
        watch "$1" "$folder" "$(realpath "${BASH_SOURCE[0]}")" "$place" >/dev/null 2>&1 </dev/null &
}

start() {
    local tool number deadline parent=${TMPDIR:-/tmp}
    for tool in slurmctld slurmd srun sbatch munged unshare; do
        command -v $tool >/dev/null || skip "there is no $tool (packages slurmd slurmctld slurm-client munge)"
    done
    (($(nproc) >= cpus)) || skip "the nodes have $cpus CPUs each, this machine has fewer"
    find_namespaces || skip "this machine allows no namespaces, which the emulated nodes need"
    [[ ! -L $place ]] || stop
    # Sockets live there, whose names have at most 107 characters.
    ((${#parent} < 40)) || parent=/tmp
    folder=$(mktemp -d "$parent/ramal-slurm.XXXXXX")
    chmod 755 "$folder"
    mkdir -p "$folder"/{log,pid,state,spool,tmp} "$(dirname "$place")"
    mkdir -m 711 "$folder/munge"
    ln -sfn "$folder" "$place"
    find_ports
    write_configuration
    export SLURM_CONF=$folder/slurm.conf
    start_munge
    start_controller
    for ((number = 1; number <= nodes; ++number)); do start_node "n$number"; done
    [[ -z ${1:-} ]] || watch_process "$1"
    deadline=$((SECONDS + 30))
    while ((SECONDS < deadline)); do
        (($(nodes_up) < nodes)) || { say "$nodes nodes with $cpus CPUs each are up" && return; }
        sleep 0.1
    done
    stop
    tail -n 20 "$place.log"/*
    say "the nodes did not come up" && return 1
}

stop() {
    local file
    [[ -d $place ]] || { rm -f "$place" && return; }
    folder=$(realpath "$place")
    export SLURM_CONF=$folder/slurm.conf
    for file in "$folder"/pid/n[0-9]*; do [[ ! -e $file ]] || stop_node "$file"; done
    stop_process "$folder/pid/slurmctld"
    stop_process "$folder/pid/munged"
    rm -rf "$place.log"
    mv "$folder/log" "$place.log"
    rm -rf "$folder" "$place"
}

[[ $# -ge 2 ]] || { sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2 && exit 2; }
# Not resolved itself: it is a link.
place=$(realpath -m -s "$2")
case $1 in
    start) start "${@:3}" ;;
    stop) stop ;;
    *) say "there is no command $1" >&2 && exit 2 ;;
esac
