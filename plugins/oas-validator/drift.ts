import type { MetricFamily, MetricValue } from '../../src/plugin.ts'

/** In what way traffic and document differ. */
export type DriftKind = 'unknown_path' | 'unknown_method' | 'parameters' | 'body' | 'response'

/** Methods that can be counted: those of the document and '', so that clients can't make up series. */
export class Drift {
  readonly #counts = new Map<string, MetricValue & { value: number }>()

  /** @param path the document's, '' for one that it doesn't have; as bounded as `method` has to be */
  count (kind: DriftKind, path: string, method: string): void {
    const key = `${kind} ${method} ${path}`
    const known = this.#counts.get(key)
    if (known === undefined) this.#counts.set(key, { labels: { kind, path, method }, value: 1 })
    else known.value++
  }

  values (): Iterable<MetricValue> {
    return this.#counts.values()
  }
}

export function driftFamily (drifts: readonly Drift[]): MetricFamily {
  return {
    name: 'sallyport_oas_drift_total',
    help: 'Requests and answers that are not what the OpenAPI document says, by operation and kind',
    type: 'counter',
    values: drifts.flatMap(drift => [...drift.values()])
  }
}
