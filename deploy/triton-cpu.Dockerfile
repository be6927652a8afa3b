# syntax=docker/dockerfile:1
# Triton for machines without a GPU: the server of the wheel that `turnstile up` starts, a thirtieth of NVIDIA's image.
# The wheel's server (2.51) is older than NVIDIA's bulletins of 2026: only the gateway and the worker may reach it, by the
# network of compose, and every request carries their secret (docs/deployment.md, docs/adr/0038-triton-for-cpus.md).
#   docker build -f deploy/triton-cpu.Dockerfile -t turnstile/triton-cpu .
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
# The second environment runs our code that finds the backends in the first; the image has the first alone.
RUN python -m venv --without-pip /opt/engine && python -m venv /opt/build
COPY constraints.txt ./
COPY engines engines
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    /opt/build/bin/pip install --only-binary=:all: --constraint constraints.txt filelock \
    && /opt/build/bin/pip --python /opt/engine/bin/python install --only-binary=:all: --no-deps \
    --requirement engines/requirements.txt
RUN TURNSTILE_ENGINE_PYTHON=/opt/engine/bin/python /opt/build/bin/python -c "from pathlib import Path; \
    from engines.backend_directory import backend_directory; from engines.python_environment import engine_environment; \
    home = Path('/opt'); backend_directory(engine_environment(home), home).rename(home / 'backends')" \
    && chmod --recursive a+rX /opt/backends

FROM ${PYTHON}
RUN useradd --system --no-create-home --uid 10001 --user-group --shell /usr/sbin/nologin turnstile
COPY --from=build /opt/engine /opt/engine
COPY --from=build /opt/backends /opt/backends
COPY --chmod=0555 deploy/triton/start.sh /usr/local/bin/start-triton
ENV PATH=/opt/engine/lib/python3.11/site-packages/pytriton/tritonserver/bin:/opt/engine/bin:$PATH \
    LD_LIBRARY_PATH=/usr/local/lib:/opt/engine/lib/python3.11/site-packages/nvidia_pytriton.libs \
    OPENBLAS_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TURNSTILE_MODEL_REPOSITORY=/models
# The model repository is mounted, read-only. Written at run time: /dev/shm, by which server and stubs exchange tensors.
USER 10001:10001
EXPOSE 8000 8001 8002
HEALTHCHECK --interval=10s --timeout=4s --start-period=300s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/v2/health/ready', timeout=3)"]
ENTRYPOINT ["start-triton", "--backend-directory=/opt/backends", "--allow-gpu-metrics=false", "--allow-cpu-metrics=false", \
    "--backend-config=python,stub-timeout-seconds=120"]
