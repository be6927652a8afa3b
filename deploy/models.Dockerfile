# syntax=docker/dockerfile:1
# The model repository alone, one tag for each version. An init container copies it for Triton, the gateway and the
# worker, so that networks and model card change together, without a new image of the code.
#   docker build -f deploy/models.Dockerfile -t turnstile/models:$(jq -r .version model_repository/model_card.json) .
FROM busybox:1.37
COPY --chmod=0555 model_repository /models
USER 10001:10001
HEALTHCHECK NONE
CMD ["cp", "-R", "/models/.", "/target"]
