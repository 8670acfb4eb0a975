import { sallyport } from '../lib/sallyport.js'

/** One service, one route, no plugin, access log off. */
export default sallyport({ name: 'sallyport' })
