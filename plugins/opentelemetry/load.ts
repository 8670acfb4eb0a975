import type { PluginGateway } from '../../src/plugin.ts'
import type { Exporter, SpanCounts } from './exporter.ts'
import { createSpanIds } from './ids.ts'
import type { Config } from './schema.ts'

/**
 * Loads what makes spans of requests and takes them to the collector, which nothing else of the gateway does. Queue and connection outlive
 * reloads that leave them as they are; counts outlive all.
 */
export async function loadTracing (config: Config, gateway: PluginGateway) {
  const { version, log, redactor, outside } = gateway
  const [{ Exporter: Queue }, { Spans }, { NOWHERE }, over] = await Promise.all([import('./exporter.ts'), import('./spans.ts'), import('./delivery.ts'), transport(config.protocol)])
  const counts = gateway.keep<SpanCounts>('counts', () => ({ sent: 0, dropped: 0, failed: 0 }))
  const ca = config.ca_certificates === undefined ? null : config.ca_certificates.map(name => gateway.caCertificate(name).cert)
  const warn = createWarning(log, redactor)
  const { protocol, traces_endpoint: endpoint, headers, compression, resource_attributes: attributes, timeout, queue } = config
  const exporter = gateway.keep(`exporter:${JSON.stringify([protocol, endpoint, headers, compression, ca, attributes, timeout, queue])}`,
    () => new Queue(outside === undefined ? over(config, version, ca) : NOWHERE, config, version, counts, warn), close)
  return { counts, exporter, spans: new Spans(exporter, createSpanIds(), redactor) }
}

// these stand here since a closure made above would hold the configuration of its time for as long as the exporter lives

function createWarning (log: PluginGateway['log'], redactor: PluginGateway['redactor']): (counts: SpanCounts, reason: string) => void {
  return (counts, reason) => log.warn({ ...counts, reason: redactor.text(reason) }, 'spans are lost')
}

async function close (exporter: Exporter): Promise<void> {
  await exporter.close()
}

/** gRPC is loaded where it is wanted, and not with the rest. */
async function transport (protocol: Config['protocol']) {
  return protocol === 'grpc' ? (await import('./over-grpc.ts')).overGrpc : (await import('./over-http.ts')).overHttp
}
