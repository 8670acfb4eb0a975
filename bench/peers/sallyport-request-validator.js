import { sallyport } from '../lib/sallyport.js'

/** The body held against a schema; only the POST has one. */
export default sallyport({
  name: 'sallyport+request-validator',
  plugins: [{
    name: 'request-validator',
    config: {
      body_schema: {
        type: 'object',
        required: ['id', 'name'],
        additionalProperties: false,
        properties: {
          id: { type: 'integer', minimum: 1 },
          name: { type: 'string', pattern: '^[a-z]+$', maxLength: 100 },
          padding: { type: 'string', maxLength: 2000 }
        }
      }
    }
  }]
})
