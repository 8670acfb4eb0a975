import { has } from '../lib/children.js'
import { sallyport } from '../lib/sallyport.js'

/** As sallyport alone, with clients that speak TLS over connections that stay. */
export default sallyport({ name: 'sallyport+tls', tls: true, missing: has('openssl') ? null : 'apt-get install openssl' })
