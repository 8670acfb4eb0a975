/** Certificates of the gateway and of those it trusts: Kong's collections and fields, and files beside gateway.yaml. */
import { Type } from 'typebox'
import { closed, common, nameOf, referenceTo } from './common.ts'

const pem = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))
const privateKey = (description: string) => Type.Optional(Type.String({ minLength: 1, description, secret: true }))
const file = (description: string, example: string) => Type.Optional(Type.String({ minLength: 1, description: `${description} It is read relative to gateway.yaml, and again when it changes.`, examples: [example] }))

/** A certificate with its key. */
export const Certificate = closed({
  ...common,
  name: nameOf('certificate'),
  cert: pem('The certificate as PEM, followed by those that vouch for it, the root left out. Not together with `cert_file`.'),
  key: privateKey('Its private key as PEM, not encrypted; a reference such as `"{vault://env/TLS_KEY}"` keeps it out of the file. Not together with `key_file`.'),
  cert_file: file('File with what `cert` would hold.', 'tls/example.com.pem'),
  key_file: file('File with what `key` would hold.', 'tls/example.com.key'),
  ocsp_file: file('File with an OCSP response (DER) that is stapled to handshakes with `cert`.', 'tls/example.com.ocsp')
}, { description: 'A certificate with its key: shown to clients by its `snis`, or to upstreams as `client_certificate`.' })

/** A server name and the certificate that it gets. */
export const Sni = closed({
  ...common,
  name: Type.String({
    minLength: 1,
    description: 'Server name that a client asks for: a host, `*.example.com`, `example.*`, or `*` for all others.',
    examples: ['api.example.com', '*.example.com']
  }),
  certificate: Type.Optional(referenceTo('certificate', 'name'))
}, { description: 'A server name, and the certificate that clients get who ask for it.' })

/** An authority that is trusted where something names it. */
export const CaCertificate = closed({
  ...common,
  name: nameOf('authority'),
  cert: pem('The one certificate of the authority, as PEM. Not together with `cert_file`.'),
  cert_file: file('File with what `cert` would hold.', 'tls/partners-ca.pem'),
  cert_digest: Type.Optional(Type.String({ minLength: 1, description: 'SHA-256 of the certificate in hex; accepted from exported files, and checked.' }))
}, { description: 'A certificate authority, for services, upstreams and plugins that name it in `ca_certificates`.' })
