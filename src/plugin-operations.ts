/** What a plugin shows operators and lets them do, on the admin listener: documents, metrics, actions. */
import type { TObject } from 'typebox'
import type { UpstreamFacts } from './upstream/health/upstream-health.ts'

/** What the admin listener serves at a path of its own. */
export interface PublishedDocument {
  /** Starts with `/`. */
  readonly path: string
  readonly body: unknown
}

/** One value of a metric. */
export interface MetricValue {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** One series of a histogram. */
export interface HistogramValue {
  readonly labels: Readonly<Record<string, string | number>>
  /** Upper bounds, rising. */
  readonly bounds: readonly number[]
  /** How many lie between each bound and the one before; one more than there are bounds, for those beyond. */
  readonly counts: readonly number[]
  readonly sum: number
}

interface MetricHead {
  /** In Prometheus' form, units included: `sallyport_mirror_copies_total`. */
  readonly name: string
  readonly help: string
  /** What several processes and several entries come to where their labels are the same; default `sum`. */
  readonly aggregator?: 'sum' | 'max' | 'min' | 'average' | 'first'
}

/** A metric with its values, as Prometheus knows it: what `/metrics` of the admin listener shows. */
export type MetricFamily = MetricHead & (
  | { readonly type: 'counter' | 'gauge', readonly values: readonly MetricValue[] }
  | { readonly type: 'histogram', readonly values: readonly HistogramValue[] }
)

/** What a process knows of itself when it is asked for metrics. */
export interface MetricFacts {
  readonly connections: number
  /** Requests that run, and all that came. */
  readonly requests: number
  readonly total: number
  readonly upstreams: readonly UpstreamFacts[]
}

/** Something that operators may have done: `POST` to a path of the admin listener, with a JSON object. */
export interface AdminAction<State = unknown> {
  /** Starts with `/`. */
  readonly path: string
  /** Closed TypeBox object: what the request's body has to be. */
  readonly body: TObject
  /**
   * Runs in every process that serves traffic.
   *
   * @param states of the plugin's enabled entries
   * @returns numbers for the answer; those of several processes are added up
   */
  run (states: readonly State[], body: never): Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>
}
