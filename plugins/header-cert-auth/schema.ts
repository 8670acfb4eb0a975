import { AnonymousConsumer, certificateOptions, Type } from '../../src/plugin.ts'

export const HeaderCertAuth = Type.Object({
  certificate_header_name: Type.String({
    title: 'Certificate header name',
    description: 'Header field in which the proxy in front of the gateway passes the client\'s certificate on. It is taken out of all requests to services, on every route.',
    pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    examples: ['X-Client-Cert']
  }),
  certificate_header_format: Type.Enum(['base64_encoded', 'url_encoded', 'xfcc'], {
    title: 'Certificate header format',
    description: '`url_encoded`: PEM, URL-encoded (nginx\'s `$ssl_client_escaped_cert`, AWS\'s `X-Amzn-Mtls-Clientcert`); `base64_encoded`: DER or PEM in Base64 (HAProxy\'s `ssl_c_der,base64`, Traefik\'s `passTLSClientCert`); `xfcc`: Envoy\'s `x-forwarded-client-cert`.',
    examples: ['url_encoded']
  }),
  secure_source: Type.Boolean({
    title: 'Secure source',
    description: 'Kong\'s switch for who is believed. Only `true` is accepted: the field counts where the peer is in `gateway.trusted_ips`.',
    default: true,
    examples: [true]
  }),
  ...certificateOptions,
  anonymous: AnonymousConsumer
}, {
  title: 'header-cert-auth',
  description: 'Asks for the certificate of a client that a trusted proxy has ended TLS for.',
  additionalProperties: false
})
