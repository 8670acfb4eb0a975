import { sallyport } from '../lib/sallyport.js'
import { spanSink } from '../lib/span-sink.js'

/** Traces as they are by default: ids for every request, spans of 1 % to a collector on another core. */
export default sallyport({
  name: 'sallyport+opentelemetry',
  beside: spanSink,
  plugins: port => [{ name: 'opentelemetry', config: { traces_endpoint: `http://127.0.0.1:${port}/v1/traces` } }],
  adds: { upstream: ['traceparent'] }
})
