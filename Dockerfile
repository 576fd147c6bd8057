# syntax=docker/dockerfile:1
# The groupgate program in an image without a shell, run as nobody in particular: `serve` by default.

FROM rust:1-slim-bookworm AS build
WORKDIR /src
# Which commit it is, where the image is built without the repository: `--build-arg GROUPGATE_COMMIT=$(git rev-parse HEAD)`.
ARG GROUPGATE_COMMIT
COPY . .
# The caches are not part of the layer, so the program is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --package gateway --bin groupgate \
    && install -D target/release/groupgate /out/groupgate \
    && mkdir /out/data

# The C library of the build's Debian, and the certificates that Meta's is checked against.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/groupgate /usr/local/bin/groupgate
# For the sandbox's state. A volume that is mounted here takes over the owner.
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/groupgate
ENV GROUPGATE_BIND=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["groupgate", "health"]
ENTRYPOINT ["groupgate"]
CMD ["serve"]
