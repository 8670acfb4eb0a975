/** Runs one Node participant. Usage: node serve.js PEER-FILE PORT UPSTREAM-PORT FOLDER */
import { pathToFileURL } from 'node:url'

const [file, port, upstream, dir] = process.argv.slice(2)
const { default: peer } = await import(pathToFileURL(file).href)
await peer.serve({ port: Number(port), upstream: Number(upstream), dir })
