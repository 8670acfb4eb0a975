import { sallyport } from '../lib/sallyport.js'

/** What a real route has at least: a correlation id, two headers up, two headers down, and the JSON access log. */
export default sallyport({
  name: 'sallyport+4',
  accessLog: true,
  plugins: [
    { name: 'correlation-id', config: { header_name: 'X-Correlation-Id', generator: 'uuid', echo_downstream: true } },
    { name: 'request-transformer', config: { add: { headers: ['X-Bench-Up-One:1', 'X-Bench-Up-Two:2'] } } },
    { name: 'response-transformer', config: { add: { headers: ['X-Bench-Down-One:1', 'X-Bench-Down-Two:2'] } } }
  ],
  adds: {
    upstream: ['x-correlation-id', 'x-bench-up-one', 'x-bench-up-two'],
    response: ['x-correlation-id', 'x-bench-down-one', 'x-bench-down-two']
  }
})
