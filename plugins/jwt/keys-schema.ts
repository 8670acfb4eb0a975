import { JWT_ALGORITHMS, Type } from '../../src/plugin.ts'

export const Algorithms = Type.Array(Type.Enum([...JWT_ALGORITHMS], {
  title: 'Algorithm',
  description: 'Signature algorithm of RFC 7518.',
  examples: ['RS256']
}), {
  title: 'Algorithms',
  description: 'Signature algorithms that are accepted. Without it, all that go with the keys: a public key never verifies HS256 to HS512, a secret nothing else.',
  minItems: 1,
  uniqueItems: true,
  examples: [['RS256']]
})

export const Audience = Type.Array(Type.String({ title: 'Audience', description: 'One value of `aud`.', minLength: 1, examples: ['api'] }), {
  title: 'Audience',
  description: 'One of these must be in `aud`. Without it, tokens that the issuer made for other APIs are accepted too.',
  minItems: 1,
  examples: [['https://api.example.com']]
})

export const JwksUri = Type.String({
  title: 'Key set address',
  description: 'Address of the issuer\'s key set. Fetched over https, cached, and fetched again when keys rotate.',
  minLength: 1,
  examples: ['https://auth.example.com/.well-known/jwks.json']
})

export const Jwks = Type.Object({
  keys: Type.Array(Type.Record(Type.String(), Type.Unknown(), {
    title: 'Key',
    description: 'A public key as JWK.',
    examples: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }]
  }), { title: 'Keys', description: 'The keys.', minItems: 1, examples: [[{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }]] })
}, {
  title: 'Key set',
  description: 'A key set (RFC 7517) with public keys, written here.',
  additionalProperties: false,
  examples: [{ keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] }]
})

export const JwksFile = Type.String({
  title: 'Key set file',
  description: 'File with a key set; relative names start at gateway.yaml. Read at load. The only set that may hold shared secrets (`oct`).',
  minLength: 1,
  examples: ['keys/issuer.json']
})

export const PublicKey = Type.String({
  title: 'Public key',
  description: 'A public key or certificate as PEM. `\\n` stands for the end of a line.',
  minLength: 1,
  examples: ['{vault://env/jwt-public-key}']
})

export const Secret = Type.String({
  title: 'Secret',
  description: 'Shared secret of HS256, HS384 and HS512; as many bytes as the hash has, or more.',
  minLength: 1,
  secret: true,
  examples: ['{vault://env/jwt-secret}']
})

export const TrustedIssuer = Type.Object({
  issuer: Type.String({ title: 'Issuer', description: 'What `iss` has to be, exactly. Without another option here, the keys are discovered from it.', minLength: 1, examples: ['https://auth.example.com/'] }),
  audience: Type.Optional(Audience),
  jwks_uri: Type.Optional(JwksUri),
  jwks: Type.Optional(Jwks),
  jwks_file: Type.Optional(JwksFile),
  public_key: Type.Optional(PublicKey),
  secret: Type.Optional(Secret),
  algorithms: Type.Optional(Algorithms)
}, {
  title: 'Trusted issuer',
  description: 'An issuer with its keys. What it doesn\'t say is as for the whole plugin.',
  additionalProperties: false,
  examples: [{ issuer: 'https://auth.example.com/' }]
})
