#!/usr/bin/env bash
# Build the Dockerfile and run the entry in it as the organisers do, on a machine without a Docker engine.
#
#   docker/rehearse.sh          build the image, import everything; with DATA also train, run and evaluate
#   docker/rehearse.sh clean    remove the stand-in base image, which is otherwise kept for the next time
#
# Settings, all from the environment:
#   WHEELS   folder with a CPU wheel of the pinned torch for Python 3.11; needed once, for the stand-in base
#   MIRROR   Debian mirror for debootstrap; its own default when unset
#   DATA     folder of complete records (header, signal, images, labels); without it nothing is trained
#   CONTEXT  folder to build; a fresh clone of this repository's last commit when unset
#   TMPDIR   where the scratch folder goes (up to 3 GB); /tmp when unset
#
# Needs root, the network while building, and: buildah podman runc debootstrap (names as in Debian's apt).
#
# The real base image is several GB of CUDA. Unless an image of that name is present already, a stand-in
# takes its place: Debian bookworm with Python 3.11 and CPU torch, committed under the name in FROM. This
# shows that the Dockerfile's steps, the requirements and the scripts work; not that the real base does.
set -euo pipefail

REPO=$(cd "$(dirname "$0")/.." && pwd)
BASE=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' "$REPO/Dockerfile")
TORCH=$(sed -n 's/^\(torch==[0-9.]*\).*/\1/p' "$REPO/requirements.txt")
IMAGE=ecgpaper-rehearsal:latest
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }
die() { printf 'rehearse.sh: %s\n' "$*" >&2; exit 2; }

has_image() { buildah inspect --type image "$1" >/dev/null 2>&1; }

podman_() { podman --storage-driver overlay --cgroup-manager cgroupfs --runtime runc "$@"; }

# One container per command: between training and inference only the model folder survives. Shared memory
# is Docker's default of 64 MB. runc needs both limits named where the caller may not raise them.
# inside [MOUNT...] COMMAND...: a mount is HOST_FOLDER:/challenge/FOLDER[:ro].
inside() {
    local mounts=()
    while [[ $1 == *:/challenge/* ]]; do mounts+=(-v "$1"); shift; done
    say "run: $*"
    podman_ run --rm --pull never --network none --shm-size 64m \
        --ulimit nproc=4096:4096 --ulimit nofile=1024:1024 "${mounts[@]}" "$IMAGE" "$@"
}

make_base() {
    [[ -d ${WHEELS:-} ]] || die "no image $BASE here; to make a stand-in set WHEELS to a folder with the $TORCH CPU wheel"
    local root=$SCRATCH/root
    say "stand-in base: debootstrap bookworm"
    debootstrap --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates \
        bookworm "$root" ${MIRROR:+"$MIRROR"} >"$SCRATCH/debootstrap.log" 2>&1 ||
        { tail -20 "$SCRATCH/debootstrap.log" >&2; die "debootstrap failed"; }
    ln -sf python3 "$root/usr/bin/python"
    # The base must reach the package index by the certificates that this machine trusts.
    cp "$CERTIFICATES" "$root$CERTIFICATES"
    printf '[global]\ncert = %s\n' "$CERTIFICATES" >"$root/etc/pip.conf"

    say "stand-in base: $TORCH from WHEELS"
    CONTAINER=$(buildah from scratch)
    buildah add --quiet "$CONTAINER" "$root" / >/dev/null
    buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        --cmd /bin/bash --label ecgpaper.stand-in=yes "$CONTAINER"
    buildah run --isolation chroot --network host -v "$WHEELS:/wheels:ro" "$CONTAINER" -- \
        pip install --quiet --no-cache-dir --break-system-packages --root-user-action=ignore \
        --find-links /wheels "$TORCH"
    buildah commit --quiet --rm "$CONTAINER" "$BASE" >/dev/null
    CONTAINER=
    rm -rf "$root"
}

build() {
    if has_image "$BASE"; then say "base: $BASE is here, reused"; else make_base; fi
    if [[ -z ${CONTEXT:-} ]]; then
        CONTEXT=$SCRATCH/clone
        git clone --quiet --depth 1 "file://$REPO" "$CONTEXT"
        say "build: commit $(git -C "$CONTEXT" rev-parse --short HEAD)"
    else
        say "build: folder $CONTEXT"
    fi
    buildah bud --isolation chroot --pull-never --network host -t "$IMAGE" "$CONTEXT" \
        >"$SCRATCH/build.log" 2>&1 || { tail -40 "$SCRATCH/build.log" >&2; die "the build failed"; }
    grep '^STEP\|satisfied: torch==\|^Successfully' "$SCRATCH/build.log" | cut -c 1-100
    say "built: $(podman_ image inspect --format '{{.Size}}' "$IMAGE" | awk '{printf "%.2f GB", $1 / 1e9}')"
}

check_imports() {
    inside pip check
    inside python -c "import torch, numpy, scipy, pandas, wfdb, cv2, PIL, joblib, safetensors, tqdm, ecgpaper"
    # One line of the kernel's table per network interface, after two lines of heading: the loopback alone.
    # shellcheck disable=SC2016  # expanded in the container
    inside sh -c 'test "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " ")" = lo && echo "network: none"'
    # An empty folder mounted as model: the weights outside it are used.
    mkdir "$SCRATCH/empty"
    inside "$SCRATCH/empty:/challenge/model" python -c "import team_code; team_code.load_models('model', True)"
    local script
    for script in train_model run_model evaluate_model; do
        if [[ -f $CONTEXT/$script.py ]]; then inside python "$script.py" --help >/dev/null
        else say "not there: $script.py"; fi
    done
}

# run_and_score NAME [MOUNT]: the records without what the test hides, then the score against the full ones.
run_and_score() {
    local outputs=$SCRATCH/outputs-$1
    mkdir "$outputs"
    inside "$HIDDEN:/challenge/test_data:ro" "$outputs:/challenge/test_outputs" ${2:+"$2"} \
        python run_model.py -d test_data -m model -o test_outputs -v
    inside "$DATA:/challenge/test_data:ro" "$outputs:/challenge/test_outputs:ro" \
        python evaluate_model.py -d test_data -o test_outputs
}

challenge() {
    HIDDEN=$SCRATCH/hidden
    local model=$SCRATCH/model
    mkdir "$HIDDEN" "$model"
    inside "$DATA:/challenge/input:ro" "$HIDDEN:/challenge/hidden" \
        python remove_hidden_data.py -i input -o hidden -m
    say "the shipped model"
    run_and_score shipped
    say "a model trained here"
    inside "$DATA:/challenge/training_data:ro" "$model:/challenge/model" \
        python train_model.py -d training_data -m model -v
    run_and_score trained "$model:/challenge/model:ro"
}

clean_up() {
    [[ -z $CONTAINER ]] || buildah rm "$CONTAINER" >/dev/null
    if has_image "$IMAGE"; then buildah rmi "$IMAGE" >/dev/null; fi
    rm -rf "$SCRATCH"
}

for tool in buildah podman runc debootstrap; do
    command -v "$tool" >/dev/null || die "$tool is missing; install: buildah podman runc debootstrap"
done
[[ $(id -u) == 0 ]] || die "must run as root"
if [[ ${1:-} == clean ]]; then
    if has_image "$BASE"; then buildah rmi "$BASE"; fi
    exit
fi
CONTAINER=
SCRATCH=$(mktemp -d)
trap clean_up EXIT
[[ -z ${DATA:-} ]] || DATA=$(cd "$DATA" && pwd)

build
check_imports
if [[ -n ${DATA:-} ]]; then challenge; else say "DATA is not set: nothing trained, run or scored"; fi
say "done"
