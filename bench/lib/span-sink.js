/** A collector that takes spans and keeps nothing, as a program of its own: `node span-sink.js PORT`. */
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const self = fileURLToPath(import.meta.url)

/** On the load core, so that its CPU is not the participant's. */
export function spanSink ({ port }) {
  return { command: process.execPath, args: [self, String(port)] }
}

if (process.argv[1] === self) {
  createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end())
  }).listen(Number(process.argv[2]), '127.0.0.1')
}
