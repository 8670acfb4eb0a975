import { definePlugin } from '../../src/plugin.ts'
import { families, kongNode, KONG, SALLYPORT } from './exposition.ts'
import { type Config, Prometheus } from './schema.ts'
import { type Buckets, Series } from './series.ts'

interface State {
  readonly config: Config
  readonly series: Series
}

/** Milliseconds. */
const BUCKETS: Readonly<Record<Config['names'], Buckets>> = {
  sallyport: {
    latency: [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000],
    gateway: [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, 5000]
  },
  // Kong's own
  kong: {
    latency: [25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10_000, 30_000, 60_000],
    gateway: [1, 2, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 750, 1000, 3000, 6000]
  }
}

export default definePlugin({
  name: 'prometheus',
  // Kong's; it only counts, at the end
  priority: 13,
  schema: Prometheus,
  scopes: ['global', 'service', 'route', 'consumer'],
  refuses: {
    ai_metrics: 'there are no AI plugins: leave it out',
    wasm_metrics: 'there is no WebAssembly: leave it out'
  },
  * check ({ latency_buckets: buckets }) {
    const at = buckets.findIndex((bound, index) => index > 0 && bound <= (buckets[index - 1] as number))
    if (at !== -1) yield { path: `/latency_buckets/${at}`, message: 'The bounds of buckets have to rise', mend: 'Write them in rising order, each once.' }
  },
  * metrics (states: readonly State[], facts) {
    for (const { config, series } of states) yield * families({ blocks: [...series.blocks()], buckets: series.buckets }, config, config.names === 'kong' ? KONG : SALLYPORT)
    const kong = states.filter(({ config }) => config.names === 'kong')
    if (kong.length > 0) yield * kongNode(facts, kong.some(({ config }) => config.upstream_health_metrics))
  },
  setup (config, gateway): State {
    const own = BUCKETS[config.names]
    const latency = config.latency_buckets.length === 0 ? own.latency : config.latency_buckets
    // other buckets are other counts
    const series = gateway.keep(`series:${config.names}:${latency.join()}`, () => new Series({ latency, gateway: own.gateway }))
    gateway.serving(() => series.configure(config))
    return { config, series }
  },
  register (scope, { state: { series } }) {
    scope.addHook('onResponse', function prometheus (request) {
      series.add(request.gateway)
    })
  }
})
