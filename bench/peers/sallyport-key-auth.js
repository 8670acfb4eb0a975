import { createHash } from 'node:crypto'
import { sallyport } from '../lib/sallyport.js'

const CONSUMERS = 10_000

const keyOf = index => `bench-key-${String(index).padStart(32, '0')}`

/** An API key in a header: a hundred of them in turn, of ten thousand consumers. */
export default sallyport({
  name: 'sallyport+key-auth',
  plugins: [{ name: 'key-auth', config: { key_names: ['x-api-key'] } }],
  rest: {
    consumers: Array.from({ length: CONSUMERS }, (_, index) => ({
      username: `consumer-${index}`,
      custom_id: `customer-${index}`,
      keyauth_credentials: [{ hash: createHash('sha256').update(keyOf(index)).digest('hex'), scopes: ['orders:read'] }]
    }))
  },
  field: () => ({ name: 'x-api-key', values: Array.from({ length: 100 }, (_, index) => keyOf(index * 97)) }),
  manyValues: true,
  refuses: true,
  adds: { upstream: ['x-consumer-id', 'x-consumer-username', 'x-consumer-custom-id', 'x-credential-identifier'] }
})
