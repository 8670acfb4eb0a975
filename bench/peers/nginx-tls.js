import { certificateFiles } from '../lib/certificate.js'
import nginx from './nginx.js'

/** nginx that ends TLS 1.2 and 1.3. */
export default {
  ...nginx,
  name: 'nginx+tls',
  tls: true,
  program (context) {
    const { cert, key } = certificateFiles(context.dir)
    return nginx.program({ ...context, tls: `ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3;` })
  }
}
