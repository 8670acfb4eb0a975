/** Collectors of OTLP for the time of a test, with a decoder that is not ours. */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, type ServiceError } from '@grpc/grpc-js'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'
import type { Test } from 'tap'

// the parts of opentelemetry-proto 1.x that spans are made of
const PROTO = `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Scope { string name = 1; string version = 2; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7;
  fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message Status { string message = 2; int32 code = 3; }`

const Request = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('Request')

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly name: string
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** 2: error. */
  readonly status: number
  readonly resource: Readonly<Record<string, unknown>>
}

interface KeyValue { readonly key: string, readonly value: Readonly<Record<string, unknown>> }

interface Decoded {
  readonly resource_spans: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly KeyValue[] }
    readonly scope_spans: ReadonlyArray<{
      readonly spans: ReadonlyArray<{
        readonly trace_id: string,
        readonly span_id: string,
        readonly parent_span_id?: string,
        readonly name: string,
        readonly kind: number
        readonly start_time_unix_nano: string,
        readonly end_time_unix_nano: string,
        readonly attributes?: readonly KeyValue[],
        readonly status?: { readonly code?: number }
      }>
    }>
  }>
}

const hex = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('hex')
const attributesOf = (list: readonly KeyValue[] = []): Record<string, unknown> => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]))
const milliseconds = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1000n) / 1000

function spansOf (bytes: Buffer): ReceivedSpan[] {
  const { resource_spans: resources } = Request.toObject(Request.decode(bytes), { bytes: String, longs: String }) as Decoded
  return resources.flatMap(({ resource, scope_spans: scopes }) => scopes.flatMap(({ spans }) => spans.map(span => ({
    traceId: hex(span.trace_id),
    spanId: hex(span.span_id),
    parentId: hex(span.parent_span_id),
    name: span.name,
    kind: span.kind,
    from: milliseconds(span.start_time_unix_nano),
    to: milliseconds(span.end_time_unix_nano),
    attributes: attributesOf(span.attributes),
    status: span.status?.code ?? 0,
    resource: attributesOf(resource.attributes)
  }))))
}

export interface Receiver {
  readonly port: number
  readonly spans: ReceivedSpan[]
  /** Batches that came, whatever was said to them. */
  batches: number
  /** Connections that are open. */
  readonly connections: Set<unknown>
  /** Header fields of the last request. */
  headers: Readonly<Record<string, unknown>>
}

export interface HttpReceiverOptions {
  /** @param batch counted from 1; default: 200 */
  readonly answer?: (response: ServerResponse, batch: number) => void
  readonly tls?: { readonly key: string, readonly cert: string }
}

/** OTLP over HTTP. */
export async function otlpHttp (t: Test, { answer = response => { response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end() }, tls }: HttpReceiverOptions = {}): Promise<Receiver> {
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const body = Buffer.concat(chunks)
      receiver.headers = request.headers
      receiver.spans.push(...spansOf(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body))
      answer(response, ++receiver.batches)
    })
  }
  // it keeps idle connections for as long as the client does
  const server = tls === undefined ? createServer({ keepAliveTimeout: 0 }, listener) : createSecureServer({ ...tls, keepAliveTimeout: 0 }, listener)
  server.on('connection', socket => {
    receiver.connections.add(socket)
    socket.on('close', () => receiver.connections.delete(socket))
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const receiver: Receiver = { port: (server.address() as AddressInfo).port, spans: [], batches: 0, connections: new Set(), headers: {} }
  return receiver
}

export interface GrpcReceiverOptions {
  /** @param batch counted from 1; a Buffer is an answer, null is none; default: an empty answer */
  readonly answer?: (batch: number) => Buffer | Partial<ServiceError> | null
  readonly tls?: { readonly key: string, readonly cert: string }
}

/** OTLP over gRPC, by gRPC's own server. */
export async function otlpGrpc (t: Test, { answer = () => Buffer.alloc(0), tls }: GrpcReceiverOptions = {}): Promise<Receiver> {
  const asIs = (bytes: Buffer): Buffer => bytes
  const server = new Server()
  server.addService({
    Export: { path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export', requestStream: false, responseStream: false, requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs }
  }, {
    Export: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
      receiver.headers = call.metadata.getMap()
      receiver.spans.push(...spansOf(call.request))
      const said = answer(++receiver.batches)
      if (said === null) return
      if (Buffer.isBuffer(said)) callback(null, said)
      else callback(said)
    }
  })
  const trust = tls === undefined ? ServerCredentials.createInsecure() : ServerCredentials.createSsl(null, [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }])
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', trust, (error, bound) => error === null ? resolve(bound) : reject(error))
  })
  t.teardown(() => server.forceShutdown())
  const receiver: Receiver = { port, spans: [], batches: 0, connections: new Set(), headers: {} }
  return receiver
}
