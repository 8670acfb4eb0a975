import { sallyport } from '../lib/sallyport.js'

/** What browsers are told: the origin that asks is one of two, with credentials, and the headers of preset `api`. */
export default sallyport({
  name: 'sallyport+cors+security-headers',
  plugins: [
    { name: 'cors', config: { origins: ['https://app.example.com', 'https://admin.example.com'], credentials: true, exposed_headers: ['X-RateLimit-Remaining-Minute'] } },
    { name: 'security-headers', config: {} }
  ],
  field: () => ({ name: 'origin', values: ['https://app.example.com'] }),
  adds: { response: ['access-control-allow-origin', 'access-control-allow-credentials', 'vary', 'content-security-policy', 'x-content-type-options', 'x-frame-options'] }
})
