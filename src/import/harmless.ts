/**
 * Plugins of other gateways whose loss opens nothing: they write logs, metrics or traces, or get certificates. Everything else counts as
 * protection, plugins that nobody here has heard of included.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  'acme', 'audit-log', 'correlation-id', 'datadog', 'exit-transformer', 'file-log', 'http-log', 'kafka-log', 'loggly', 'opentelemetry', 'prometheus',
  'solace-log', 'statsd', 'statsd-advanced', 'syslog', 'tcp-log', 'tls-handshake-modifier', 'tls-metadata-headers', 'udp-log', 'zipkin'
])

/** Whether leaving out a plugin lets nobody do more than before. */
export function isHarmless (plugin: string): boolean {
  return HARMLESS.has(plugin)
}
