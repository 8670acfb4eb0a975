import { sallyport } from '../lib/sallyport.js'

/** What one wants to know of a gateway that runs: metrics of each request and a line in the access log. */
export default sallyport({ name: 'sallyport+metrics', accessLog: true, plugins: [{ name: 'prometheus' }] })
