# syntax=docker/dockerfile:1
# NVIDIA's Triton, with the flags of start.sh, an unprivileged user and a health check.
# 26.11 (server 2.75.0, 17 November 2026) is the newest release and has the fixes of NVIDIA's bulletins of 2026:
# 5816 -> 26.02, 5828 (critical) and 5860 -> 26.03, 5848 -> 26.04, 5853 -> 26.05, 5865 (critical) -> 26.06,
# 5875 -> 26.07 (https://github.com/NVIDIA/product-security/tree/main/2026). It also fixes a use-after-free in the dynamic
# batcher, which Turnstile uses. Older tags are not safe on a network with other clients.
ARG TRITON=nvcr.io/nvidia/tritonserver:26.11-py3
FROM ${TRITON}
COPY --chmod=0555 deploy/triton/start.sh /usr/local/bin/start-triton
# TensorRT builds its engines for the GPU of the machine, which takes minutes; a volume here keeps them over restarts.
RUN install --directory --owner=1000 --group=1000 /tmp/turnstile-tensorrt
ENV TURNSTILE_MODEL_REPOSITORY=/models
# The user triton-server of the image. The model repository is mounted, read-only.
USER 1000:1000
EXPOSE 8000 8001 8002
HEALTHCHECK --interval=10s --timeout=4s --start-period=300s \
    CMD ["curl", "--fail", "--silent", "--max-time", "3", "http://127.0.0.1:8000/v2/health/ready"]
ENTRYPOINT ["start-triton"]
