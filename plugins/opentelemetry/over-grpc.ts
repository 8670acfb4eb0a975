import { Client, type ClientUnaryCall, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import type { Answer, Delivery } from './delivery.ts'
import { retryDelay } from './retry-info.ts'
import type { Config } from './schema.ts'

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

/** OTLP's specification, section "Failures"; RESOURCE_EXHAUSTED is one where the collector says when. */
const LATER = new Set([status.CANCELLED, status.DEADLINE_EXCEEDED, status.ABORTED, status.OUT_OF_RANGE, status.UNAVAILABLE, status.DATA_LOSS])
const GZIP = 2

const CHANNEL = {
  // by themselves: up to two minutes after a collector is there again
  'grpc.initial_reconnect_backoff_ms': 250,
  'grpc.max_reconnect_backoff_ms': 5000,
  // a connection ends with its entry
  'grpc.use_local_subchannel_pool': 1,
  // as everything else of the gateway: no proxy that happens to stand in the environment
  'grpc.enable_http_proxy': 0
}

const asIs = (bytes: Buffer): Buffer => bytes

/** @param ca PEM of the authorities that are trusted; null: those that Node knows */
export function overGrpc ({ traces_endpoint: endpoint, headers, compression }: Config, version: string, ca: string[] | null): Delivery {
  const { protocol, hostname, port } = new URL(endpoint)
  const secure = protocol === 'https:'
  const address = `${hostname}:${port === '' ? (secure ? 443 : 80) : port}`
  const trust = secure ? credentials.createSsl(ca === null ? null : Buffer.from(ca.join('\n'))) : credentials.createInsecure()
  const options = { ...CHANNEL, 'grpc.primary_user_agent': `sallyport/${version}`, ...compression === 'gzip' ? { 'grpc.default_compression_algorithm': GZIP } : {} }
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  let client = new Client(address, trust, options)
  let call: ClientUnaryCall | null = null
  let closed = false

  async function send (body: Uint8Array, milliseconds: number): Promise<Answer> {
    return await new Promise(resolve => {
      call = client.makeUnaryRequest(EXPORT, asIs, asIs, Buffer.from(body.buffer, body.byteOffset, body.length), metadata, { deadline: Date.now() + milliseconds }, (error, answer) => {
        call = null
        if (error?.code === status.DEADLINE_EXCEEDED && !closed) renew()
        resolve(error === null ? { kind: 'taken', body: answer ?? new Uint8Array() } : answerOf(error))
      })
    })
  }

  /** A connection that says nothing may lead nowhere, which TCP would find out after a quarter of an hour. */
  function renew (): void {
    client.close()
    client = new Client(address, trust, options)
  }

  return {
    send,
    close () {
      closed = true
      call?.cancel()
      client.close()
    }
  }
}

function answerOf ({ code, message, metadata }: ServiceError): Answer {
  const after = retryDelay(metadata?.get('grpc-status-details-bin')[0])
  if (LATER.has(code) || (code === status.RESOURCE_EXHAUSTED && after !== null)) return { kind: 'later', reason: message, after }
  return { kind: 'refused', reason: message }
}
