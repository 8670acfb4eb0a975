import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { HttpSender, rawField, type Reply } from '../../src/plugin.ts'
import type { Answer, Delivery } from './delivery.ts'
import type { Config } from './schema.ts'

/** OTLP's specification, section "Retryable Response Codes". */
const LATER = new Set([429, 502, 503, 504])
/** Bytes of an answer that are read. */
const LONGEST_ANSWER = 65_536

const pressed = promisify(gzip)

/** @param ca PEM of the authorities that are trusted; null: those that Node knows */
export function overHttp ({ traces_endpoint: endpoint, headers, compression }: Config, version: string, ca: string[] | null): Delivery {
  const encoding = compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}
  const sender = new HttpSender({
    url: new URL(endpoint),
    headers: { 'user-agent': `sallyport/${version}`, ...headers, 'content-type': 'application/x-protobuf', ...encoding },
    authorities: ca,
    longest: LONGEST_ANSWER
  })
  return {
    async send (body, milliseconds) {
      return answerOf(await sender.send(compression === 'gzip' ? await pressed(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength), milliseconds))
    },
    close: () => sender.close()
  }
}

function answerOf ({ status, fields, body, error }: Reply): Answer {
  // it has what it said yes to, also when the rest of its answer never comes
  if (status !== null && status >= 200 && status < 300) return { kind: 'taken', body: body ?? new Uint8Array() }
  if (status === null || body === null) return { kind: 'later', reason: (error as Error).message, after: null }
  const reason = `the collector answered ${status}`
  return LATER.has(status) ? { kind: 'later', reason, after: pauseOf(rawField(fields, 'retry-after')) } : { kind: 'refused', reason }
}

/** Retry-After (RFC 9110 section 10.2.3), in milliseconds. */
function pauseOf (field: string | undefined): number | null {
  if (field === undefined) return null
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000
  const at = Date.parse(field)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}
