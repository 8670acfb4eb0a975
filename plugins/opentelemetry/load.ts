import type { PluginGateway } from '../../src/plugin.ts'
import { createSpanIds } from './ids.ts'
import type { Config } from './schema.ts'

/** Loads the SDK, which nothing else of the gateway does, and makes what spans go through. */
export async function loadTracing (config: Config, { version, log, redactor, outside }: Pick<PluginGateway, 'version' | 'log' | 'redactor' | 'outside'>) {
  const { Exporter, exporterOf, NOWHERE } = await import('./exporter.ts')
  const { Spans } = await import('./spans.ts')
  const exporter = new Exporter(outside === undefined ? await exporterOf(config) : NOWHERE, config, version, log)
  return { exporter, spans: new Spans(exporter, createSpanIds(), redactor) }
}
