# docker build -t sallyport .
# docker run -p 8000:8000 -v ./config:/etc/sallyport:ro sallyport            (./config/gateway.yaml is yours; deploy/config has one)
# docker run --rm -v ./config:/etc/sallyport:ro sallyport check

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# no package has a say in what runs here
RUN npm ci --ignore-scripts --no-audit
COPY tsconfig.json ./
COPY src src
COPY plugins plugins
COPY scripts/build-dashboard.js scripts/
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# optional: a JVM and a native build of the regex check, of which only the JavaScript one runs (52 MB)
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit \
  # nothing reads these while it runs (29 MB); licences stay
  && find node_modules -type f ! -iname 'licen[cs]e*' ! -iname 'notice*' \
    \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -delete

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY schemas schemas
COPY --from=build /app/dist dist
RUN chmod 755 dist/src/cli/main.js && ln -s /app/dist/src/cli/main.js /usr/local/bin/sallyport

# Nothing is written: the root file system may be read-only. The files above belong to root, the process doesn't.
USER node
EXPOSE 8000
STOPSIGNAL SIGTERM
# the admin listener's default address; with another one in gateway.yaml, change this too
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8001/readyz').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["sallyport"]
CMD ["start", "/etc/sallyport/gateway.yaml"]
