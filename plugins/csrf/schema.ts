import { HeaderName, Type } from '../../src/plugin.ts'

const CookieName = {
  pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
}

const Token = Type.Object({
  secrets: Type.Array(Type.String({
    title: 'Secret',
    description: 'At least 32 characters that nobody can guess.',
    minLength: 32,
    secret: true,
    examples: ['{vault://env/GATEWAY_CSRF_SECRET}']
  }), {
    title: 'Secrets',
    description: 'The first one signs, all verify: put a new one in front, and take the old one out when its tokens have ended.',
    minItems: 1,
    examples: [['{vault://env/GATEWAY_CSRF_SECRET}']]
  }),
  cookie: Type.String({
    ...CookieName,
    title: 'Cookie',
    description: 'Cookie that carries the token; pages must be able to read it.',
    default: 'csrf-token',
    examples: ['__Host-csrf-token']
  }),
  header: {
    ...HeaderName,
    title: 'Header',
    description: 'Header field in which pages send it back.',
    default: 'X-CSRF-Token',
    examples: ['X-XSRF-TOKEN']
  },
  session_cookie: Type.Optional(Type.String({
    ...CookieName,
    title: 'Session cookie',
    description: 'Cookie of the session to which a token is bound: it is of no use in another one.',
    examples: ['sid']
  })),
  ttl: Type.Integer({
    title: 'Lifetime',
    description: 'Seconds until a token ends; at half of them a new one is sent.',
    minimum: 60,
    maximum: 31536000,
    default: 86400,
    examples: [3600]
  })
}, {
  title: 'Token',
  description: 'Also ask for a signed token, as a cookie and as a header field.',
  additionalProperties: false,
  examples: [{ secrets: ['{vault://env/GATEWAY_CSRF_SECRET}'] }]
})

export const Csrf = Type.Object({
  origins: Type.Array(Type.String({
    title: 'Origin',
    description: '`scheme://host[:port]`.',
    pattern: '^[a-z][a-z0-9+.-]*://(?:\\[[0-9a-f:.]+\\]|[a-z0-9._-]+)(?::\\d{1,5})?$',
    examples: ['https://app.example.com']
  }), {
    title: 'Origins',
    description: 'Sites beside this one whose pages may send unsafe requests, as browsers write them.',
    default: [],
    examples: [['https://app.example.com']]
  }),
  allow_origin_absent: Type.Boolean({
    title: 'Allow origin absent',
    description: 'Let requests with cookies pass that say nothing about where they come from. Browsers of today always say it.',
    default: false,
    examples: [true]
  }),
  token: Type.Optional(Token)
}, {
  title: 'csrf',
  description: 'Refuses requests that another site has a browser send in the name of its user.',
  additionalProperties: false
})
