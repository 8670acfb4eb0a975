/** What is asked of every participant, and what the right answer is. */
import http from 'node:http'
import https from 'node:https'
import { LARGE, SMALL, jsonOf, postReply } from './upstream.js'

export const POST_BODY = jsonOf(1024, { id: 3, name: 'post' })

/** @type {ReadonlyArray<{ name: string, title: string, method: string, path: string, body: string | null, answer: string }>} */
export const CASES = [
  { name: 'get', title: 'GET, 100-byte JSON reply', method: 'GET', path: '/small', body: null, answer: SMALL },
  { name: 'get16k', title: 'GET, 16 KiB JSON reply', method: 'GET', path: '/16k', body: null, answer: LARGE },
  { name: 'post', title: 'POST of 1 KiB, 100-byte JSON reply', method: 'POST', path: '/post', body: POST_BODY, answer: postReply(POST_BODY.length) }
]

/** One request of our own, on a connection of its own, over TLS if asked for; resolves to status, headers and body. */
export function request (port, { method, path, body, headers = {}, tls = false }) {
  return new Promise((resolve, reject) => {
    const ofBody = body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const options = { host: '127.0.0.1', port, method, path, headers: { ...headers, ...ofBody }, agent: false, timeout: 5000, rejectUnauthorized: false }
    const sent = (tls ? https : http).request(options, received => {
      const parts = []
      received.on('data', part => parts.push(part))
      received.on('error', reject)
      received.on('end', () => resolve({ status: received.statusCode, headers: received.headers, body: Buffer.concat(parts).toString() }))
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 5 s')))
    sent.on('error', reject)
    sent.end(body)
  })
}

/** What is wrong with a participant's answers, case by case; an empty list when all is right. */
export async function verify ({ peer: participant, port, field }, cases) {
  const problems = []
  const sent = field === null ? {} : { [field.name]: field.values.at(-1) }
  const { tls } = participant
  for (const one of cases) {
    const { status, headers, body } = await request(port, { ...one, headers: sent, tls })
    if (status !== 200) problems.push(`${one.name}: status ${status}`)
    else if (body !== one.answer) problems.push(`${one.name}: body of ${body.length} bytes is not the upstream's ${one.answer.length}`)
    else if (!/^application\/json/.test(headers['content-type'] ?? '')) problems.push(`${one.name}: content-type ${headers['content-type']}`)
    for (const name of participant.adds?.response ?? []) {
      if (headers[name] === undefined) problems.push(`${one.name}: no ${name} in the answer`)
    }
  }
  if (participant.refuses === true) {
    const { status } = await request(port, { ...cases[0], tls })
    if (status !== 401) problems.push(`without its credential it answers ${status} instead of 401`)
  }
  if (participant.adds?.upstream !== undefined) {
    const { body } = await request(port, { method: 'GET', path: '/headers', body: null, headers: sent, tls })
    const head = JSON.parse(body).toLowerCase()
    for (const name of participant.adds.upstream) {
      if (!head.includes(`\r\n${name}:`)) problems.push(`no ${name} in the request to the upstream`)
    }
  }
  return problems
}
