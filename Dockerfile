# syntax=docker/dockerfile:1
# The groupgate program in an image without a shell, run as nobody in particular: `serve` by default.
#
#   docker build --build-arg GROUPGATE_COMMIT=$(git rev-parse HEAD) --tag groupgate .

FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# The repository is no part of the context, so the commit is told.
ARG GROUPGATE_COMMIT=unknown
# The caches are not part of the layer, so the program is copied out of them. Its symbols stay behind: a fifth of it.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    GROUPGATE_COMMIT=$GROUPGATE_COMMIT cargo build --locked --release --package gateway --bin groupgate \
    && install -D --strip target/release/groupgate /out/groupgate \
    && mkdir /out/data

# The C library of the build's Debian, and the certificates that Meta's is checked against.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG GROUPGATE_COMMIT=unknown
# What the image is of, where it is not from here: https://github.com/opencontainers/image-spec/blob/main/annotations.md
ARG GROUPGATE_VERSION=unknown
ARG GROUPGATE_SOURCE=unknown
LABEL org.opencontainers.image.title=groupgate \
    org.opencontainers.image.description="A multi-tenant gateway for WhatsApp groups" \
    org.opencontainers.image.version=$GROUPGATE_VERSION \
    org.opencontainers.image.revision=$GROUPGATE_COMMIT \
    org.opencontainers.image.source=$GROUPGATE_SOURCE \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/groupgate/
COPY --from=build /out/groupgate /usr/local/bin/groupgate
# For the sandbox's state. A volume that is mounted here takes over the owner.
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/groupgate
ENV GROUPGATE_BIND=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["groupgate", "health"]
ENTRYPOINT ["groupgate"]
CMD ["serve"]
