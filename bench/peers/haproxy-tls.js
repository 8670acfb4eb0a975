import { appendFileSync, readFileSync } from 'node:fs'
import { certificateFiles } from '../lib/certificate.js'
import haproxy from './haproxy.js'

/** HAProxy that ends TLS 1.2 and 1.3. */
export default {
  ...haproxy,
  name: 'haproxy+tls',
  tls: true,
  program (context) {
    const { cert, key } = certificateFiles(context.dir)
    appendFileSync(cert, readFileSync(key))
    return haproxy.program({ ...context, tls: ` ssl crt ${cert} ssl-min-ver TLSv1.2` })
  }
}
