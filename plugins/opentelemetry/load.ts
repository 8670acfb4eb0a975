import type { FastifyBaseLogger } from '../../src/plugin.ts'
import { createSpanIds } from './ids.ts'
import type { Config } from './schema.ts'

/** Loads the SDK, which nothing else of the gateway does, and makes what spans go through. */
export async function loadTracing (config: Config, version: string, log: FastifyBaseLogger) {
  const { Exporter, exporterOf } = await import('./exporter.ts')
  const { Spans } = await import('./spans.ts')
  const exporter = new Exporter(await exporterOf(config), config, version, log)
  return { exporter, spans: new Spans(exporter, createSpanIds()) }
}
