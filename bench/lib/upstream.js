/**
 * The upstream of every measurement: a hand-made HTTP/1.1 server on bare sockets, in a process of its own.
 *
 * It shares a core with the load generator, so it must cost little: about half of what `node:http` needs. It answers
 * what the cases ask for and nothing else, and never closes a connection by itself.
 *
 *   GET  /small    100 bytes of JSON
 *   GET  /16k      16 KiB of JSON
 *   POST /post     100 bytes of JSON that tell how many body bytes arrived
 *   GET  /headers  the request head as it arrived, as a JSON string
 *   GET  /stats    connections and requests so far
 *
 * Usage: node upstream.js PORT
 */
import net from 'node:net'
import { pathToFileURL } from 'node:url'

const HEAD_END = '\r\n\r\n'

/** JSON of exactly `bytes` bytes that starts with the given fields. */
export function jsonOf (bytes, fields = {}) {
  const bare = JSON.stringify({ ...fields, padding: '' })
  return JSON.stringify({ ...fields, padding: 'x'.repeat(bytes - bare.length) })
}

export const SMALL = jsonOf(100, { id: 1, name: 'small' })
export const LARGE = jsonOf(16384, { id: 2, name: 'large' })
export const postReply = received => jsonOf(100, { received })

let date = ''
let small = Buffer.alloc(0)
let large = Buffer.alloc(0)

function answer (body, status = '200 OK') {
  return Buffer.from(`HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nDate: ${date}\r\nConnection: keep-alive\r\n\r\n${body}`)
}

/** The date changes once a second, and with it the two answers that are always the same. */
function tick () {
  date = new Date().toUTCString()
  small = answer(SMALL)
  large = answer(LARGE)
}

const stats = { connections: 0, requests: 0 }

function reply (head, received) {
  stats.requests++
  // without a query: fast-gateway adds an empty one
  const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/')).replace(/\?.*/, '')
  if (path === '/small') return small
  if (path === '/16k') return large
  if (path === '/post') return answer(postReply(received))
  if (path === '/headers') return answer(JSON.stringify(head))
  if (path === '/stats') return answer(JSON.stringify(stats))
  return answer('{"message":"no such case"}', '404 Not Found')
}

/** One connection: heads and bodies in whatever pieces they arrive, several requests in one piece too. */
function serve (socket) {
  stats.connections++
  let text = ''
  let head = null
  let left = 0
  let chunked = false
  let received = 0

  function takeHead () {
    const end = text.indexOf(HEAD_END)
    if (end === -1) return false
    head = text.slice(0, end)
    text = text.slice(end + HEAD_END.length)
    received = 0
    left = 0
    chunked = false
    if (head.startsWith('GET')) return true
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (length !== null) left = Number(length[1])
    else chunked = /\r\ntransfer-encoding: *chunked/i.test(head)
    return true
  }

  function takeBody () {
    if (chunked) return takeChunks()
    const taken = Math.min(left, text.length)
    text = text.slice(taken)
    received += taken
    left -= taken
    return left === 0
  }

  function takeChunks () {
    for (;;) {
      const end = text.indexOf('\r\n')
      if (end === -1) return false
      const size = parseInt(text, 16)
      if (text.length < end + 4 + size) return false
      text = text.slice(end + 4 + size)
      received += size
      if (size === 0) return true
    }
  }

  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', piece => {
    text += piece.latin1Slice()
    for (;;) {
      if (head === null && !takeHead()) return
      if (!takeBody()) return
      socket.write(reply(head, received))
      head = null
      if (text === '') return
    }
  })
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  tick()
  setInterval(tick, 1000)
  // further loopback addresses are other targets of the same; systems that have one only do without
  for (const host of ['127.0.0.2', '127.0.0.3']) net.createServer(serve).on('error', () => {}).listen(Number(process.argv[2]), host, 1024)
  net.createServer(serve).listen(Number(process.argv[2]), '127.0.0.1', 1024)
}
