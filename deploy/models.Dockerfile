# syntax=docker/dockerfile:1
# The model repository by itself, a version a tag. An init container copies it to where Triton, the gateway and the
# worker read it, so that networks and model card change together, and without a new image of the code.
#   docker build -f deploy/models.Dockerfile -t turnstile/models:$(jq -r .version model_repository/model_card.json) .
FROM busybox:1.37
COPY --chmod=0555 model_repository /models
USER 10001:10001
HEALTHCHECK NONE
CMD ["cp", "-R", "/models/.", "/target"]
