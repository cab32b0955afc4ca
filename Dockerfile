# The image in which the organisers train, run and score this entry. One user (root), no apt packages,
# and nothing is downloaded after the build. docker/rehearse.sh builds and runs it without Docker.
FROM pytorch/pytorch:2.13.0-cuda12.6-cudnn9-runtime

# The organisers' three fixed lines. They must stay exactly as they are.
RUN mkdir /challenge
COPY ./ /challenge
WORKDIR /challenge

# An empty folder that is mounted as model hides the weights; these are found then.
RUN cp -r model ecgpaper/model

# PIP_BREAK_SYSTEM_PACKAGES: the base's Ubuntu marks its Python as managed by apt; this image is ours alone.
# OMP_WAIT_POLICY: idle threads sleep instead of spinning on cores that other workers need.
ENV PIP_BREAK_SYSTEM_PACKAGES=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONUNBUFFERED=1 \
    OMP_WAIT_POLICY=PASSIVE

# torch is pinned to the base's own version, so that it is already there and not downloaded again.
RUN pip install --no-cache-dir -r requirements.txt
