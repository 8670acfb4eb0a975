import { loaderRules } from './loader-rules.ts'

/** What the lint finds in a file that could run. */
const lintRules: Readonly<Record<string, string>> = {
  'address-certificate': 'https to a target that is given as an address',
  'bypassed-plugin': 'a plugin of a service that requests sent there by a plugin don\'t run',
  'certificate-chain': 'a chain of certificates that clients may not be able to verify',
  'certificate-expires': 'a certificate that ends within 30 days',
  'divided-limit': 'a limit that each worker process counts on its own',
  'exempts-everybody': 'a `gateway.exempt` that leaves nobody to be limited',
  'plugin-route': 'a plugin entry that can\'t do its work on a route where it runs',
  'idle-plugin': 'a plugin entry that no request ever runs',
  'literal-secret': 'a secret that stands in the file',
  'ocsp-response': 'an OCSP response that clients would refuse',
  'path-policy': 'a path of a route that no request gets through with',
  'mixed-keys': 'a certificate whose type of key lets the default one be shown in its place',
  'path-shadowed': 'a path of a route that other routes take completely',
  'near-upstream': 'a host that is nearly the name of an upstream',
  'plain-http-upstream': 'unencrypted requests to a public host',
  'policy-plugin': 'a policy that asks for a plugin which doesn\'t run on its route',
  'prefix-boundary': 'a prefix that ends inside a segment and takes another route\'s requests',
  'public-route-swallows': 'an open route that takes what a protected one leaves',
  'regex-backtracking': 'a regex with which a client can stop the gateway',
  'regex-open-end': 'a path regex that takes longer paths than it shows',
  'regex-undecided': 'a regex of which it is not known whether it always ends soon',
  'regex-without-tilde': 'a literal path that looks like a pattern',
  'restart-needed': 'a setting that a running gateway can\'t change',
  'route-shadowed': 'a route that never gets a request',
  'route-tie': 'two routes that only their order in the file tells apart',
  'service-without-route': 'a service that never gets a request',
  'short-secret': 'a secret of HS256, HS384 or HS512 that is too short',
  'short-timeout': 'a timeout of so few milliseconds that seconds were probably meant',
  'uncounted-limit': 'a limit of an API key, which nothing counts',
  'uncovered-sni': 'a server name that its certificate isn\'t for',
  'unused-consumer': 'a consumer that nothing uses',
  'unused-credentials': 'credentials that no plugin of the file reads',
  'unused-importance': 'an importance that nothing looks at',
  'unused-group': 'a consumer group without consumers or without a plugin entry',
  'unused-module': 'a module whose plugins nothing uses',
  'unused-upstream': 'an upstream that no service uses',
  'upstream-without-target': 'an upstream that can\'t be reached',
  'write-without-auth': 'a route that lets anybody write'
}

/** What `check --live` finds beyond the file. */
const liveRules: Readonly<Record<string, string>> = {
  'live-certificate': 'a certificate that the gateway would refuse',
  'live-connect': 'an address that takes no connection',
  'live-dns': 'a name that stands for no address',
  'live-expires': 'a certificate of others that ends within 30 days',
  'live-file': 'a log that can\'t be written',
  'live-provider': 'an identity provider or authority that can\'t be used',
  'live-redis': 'a Redis that can\'t be used',
  'live-tls': 'a handshake that fails'
}

/** Every rule that `check` knows, with what it finds; docs/check.md has an example of each, and a test holds the two equal. */
export const rules: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ ...loaderRules, ...lintRules, ...liveRules }).sort(([one], [other]) => one < other ? -1 : 1)
)
