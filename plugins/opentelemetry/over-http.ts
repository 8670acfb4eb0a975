import { Agent, request as requestHttp, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as requestHttps } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Answer, Delivery } from './delivery.ts'
import type { Config } from './schema.ts'

/** OTLP's specification, section "Retryable Response Codes". */
const LATER = new Set([429, 502, 503, 504])
/** Bytes of an answer that are read. */
const LONGEST_ANSWER = 65_536

const pressed = promisify(gzip)

/** @param ca PEM of the authorities that are trusted; null: those that Node knows */
export function overHttp ({ traces_endpoint: endpoint, headers, compression }: Config, version: string, ca: string[] | null): Delivery {
  const url = new URL(endpoint)
  const secure = url.protocol === 'https:'
  const begin = secure ? requestHttps : requestHttp
  const agent = secure ? new SecureAgent({ keepAlive: true, ...ca === null ? {} : { ca } }) : new Agent({ keepAlive: true })
  const fields = { 'user-agent': `sallyport/${version}`, ...headers, 'content-type': 'application/x-protobuf', ...compression === 'gzip' ? { 'content-encoding': 'gzip' } : {} }

  async function send (body: Uint8Array, milliseconds: number): Promise<Answer> {
    const bytes = compression === 'gzip' ? await pressed(body) : body
    return await new Promise(resolve => {
      let head: IncomingMessage | null = null
      const request = begin(url, { method: 'POST', agent, headers: { ...fields, 'content-length': bytes.length } }, response => {
        head = response
        const chunks: Buffer[] = []
        let length = 0
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > LONGEST_ANSWER) request.destroy(new Error('its answer is too long'))
          else chunks.push(chunk)
        })
        response.on('error', fail).on('end', () => resolve(answerOf(response, Buffer.concat(chunks))))
      })
      const timer = setTimeout(() => request.destroy(new Error('no answer in time')), milliseconds)
      // it has what it said yes to, also when the rest of its answer never comes
      const fail = (error: Error): void => resolve(head !== null && isYes(head) ? { kind: 'taken', body: new Uint8Array() } : { kind: 'later', reason: error.message, after: null })
      request.on('error', fail).on('close', () => {
        clearTimeout(timer)
        fail(new Error('the connection was cut'))
      })
      request.end(bytes)
    })
  }

  return { send, close: () => agent.destroy() }
}

function answerOf (response: IncomingMessage, body: Uint8Array): Answer {
  if (isYes(response)) return { kind: 'taken', body }
  const { statusCode = 0, headers } = response
  const reason = `the collector answered ${statusCode}`
  return LATER.has(statusCode) ? { kind: 'later', reason, after: pauseOf(headers['retry-after']) } : { kind: 'refused', reason }
}

function isYes ({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}

/** Retry-After (RFC 9110 section 10.2.3), in milliseconds. */
function pauseOf (field: string | undefined): number | null {
  if (field === undefined) return null
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000
  const at = Date.parse(field)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}
