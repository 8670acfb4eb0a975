/** Why an exchange ended as it did, in a few letters: after Envoy's response flags, with its letters where it has the case. */

/** Each code with what it says; docs/end-reasons.md is held to this list by a test. */
export const END_REASONS = {
  '-': 'Nothing out of the ordinary: the upstream\'s answer, or one from the cache, went out whole.',
  LA: 'A plugin answered on purpose: a fixed answer, a preflight, a redirect.',
  NR: 'No route matches.',
  NS: 'The route has no service, and no plugin answered.',
  HS: 'The route wants https, and the request came without.',
  UA: 'No credential, or one that is not valid.',
  FB: 'Known, and not allowed.',
  UAEX: 'An external server refused (`forward-auth`).',
  AU: 'What decides about the caller can\'t be asked: identity provider, introspection, revocations, authorization server.',
  RL: 'A rate limit is used up.',
  CL: 'Too many requests at once (`concurrency-limiting`).',
  RLSE: 'The store of limits is down, and the entry says `deny`.',
  OM: 'The gateway is overloaded and sheds requests.',
  PR: 'A plugin refused the request.',
  CO: 'The client wants an answer from the cache alone, which has none.',
  DPE: 'What the client sent is not HTTP as it should be.',
  TL: 'What the client sent is too large.',
  DT: 'The client sent too slowly.',
  DC: 'The client left before its answer, or its own request, was complete.',
  SD: 'The gateway was stopped, and `shutdown.timeout` was over.',
  UH: 'The upstream has no target that may be asked.',
  UO: 'The circuit breaker is open.',
  DF: 'The upstream\'s name can\'t be resolved.',
  UF: 'No connection to the upstream.',
  UR: 'The upstream cut the connection.',
  UT: 'The upstream did not answer, or not take the request, in time.',
  UPE: 'The upstream\'s answer is not HTTP as it should be.',
  UTL: 'The upstream\'s answer is larger than what may be held for a plugin.',
  DL: 'The request\'s whole time is used up (`timeouts.total`, or the deadline that it came with).',
  GE: 'The gateway or one of its plugins failed.'
} as const

export type EndReason = keyof typeof END_REASONS

export const WHOLE: EndReason = '-'

/** Coded errors of which the code, and not the status, tells why. What is not listed here is judged by its status. */
const BY_CODE: Readonly<Record<string, EndReason>> = {
  SP_NO_ROUTE: 'NR',
  SP_NO_SERVICE: 'NS',
  SP_HTTPS: 'HS',
  SP_UNAUTHORIZED: 'UA',
  SP_FORWARD_AUTH: 'UAEX',
  SP_AUTH_UNAVAILABLE: 'AU',
  SP_AUTH_REVOCATION: 'AU',
  SP_FORWARD_AUTH_UNAVAILABLE: 'AU',
  SP_PROVIDER: 'AU',
  SP_PROVIDER_UNAVAILABLE: 'AU',
  SP_BASIC_AUTH_BUSY: 'OM',
  SP_RATE_LIMITED: 'RL',
  SP_RESPONSE_LIMITED: 'RL',
  SP_CONCURRENCY_LIMITED: 'CL',
  SP_STORE_UNAVAILABLE: 'RLSE',
  SP_OVERLOADED: 'OM',
  SP_CACHE_ONLY: 'CO',
  SP_MALFORMED: 'DPE',
  SP_CONNECT: 'DPE',
  SP_METHOD: 'DPE',
  SP_VERSION: 'DPE',
  SP_HOST: 'DPE',
  SP_TARGET: 'DPE',
  SP_PATH: 'DPE',
  SP_EXPECT: 'DPE',
  SP_TRANSFER_ENCODING: 'DPE',
  SP_LENGTH_REQUIRED: 'DPE',
  SP_PIPELINED_UPGRADE: 'DPE',
  SP_REQUEST_LINE: 'TL',
  SP_HEADER_BLOCK: 'TL',
  SP_HEADER_COUNT: 'TL',
  SP_BODY_TOO_LARGE: 'TL',
  HPE_HEADER_OVERFLOW: 'TL',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'TL',
  SP_BODY_TOO_SLOW: 'DT',
  ERR_HTTP_REQUEST_TIMEOUT: 'DT',
  SP_CLIENT_CLOSED: 'DC',
  HPE_INVALID_EOF_STATE: 'DC',
  SP_SHUTDOWN: 'SD',
  SP_NO_TARGET: 'UH',
  SP_BREAKER_OPEN: 'UO',
  SP_UPSTREAM_NAME: 'DF',
  SP_UPSTREAM_REFUSED: 'UF',
  SP_UPSTREAM_UNREACHABLE: 'UF',
  SP_UPSTREAM_CONNECT_TIMEOUT: 'UF',
  SP_UPSTREAM_CERTIFICATE: 'UF',
  SP_UPSTREAM_TLS: 'UF',
  SP_UPSTREAM_RESET: 'UR',
  SP_UPSTREAM_READ_TIMEOUT: 'UT',
  SP_UPSTREAM_WRITE_TIMEOUT: 'UT',
  SP_UPSTREAM_CODING: 'UPE',
  SP_UPSTREAM_HEADERS: 'UPE',
  SP_UPSTREAM_INVALID: 'UPE',
  SP_UPSTREAM_LENGTH: 'UPE',
  SP_UPSTREAM_PROTOCOL: 'UPE',
  SP_ANSWER_TOO_LARGE: 'UTL',
  SP_DEADLINE: 'DL'
}

/**
 * @param code of the error that ended the exchange
 * @param status of the answer
 */
export function reasonOfError (code: string, status: number): EndReason {
  const known = BY_CODE[code]
  if (known !== undefined) return known
  // what Node's parser says of bytes that are no HTTP
  if (code.startsWith('HPE_')) return 'DPE'
  if (status === 401) return 'UA'
  if (status === 403) return 'FB'
  if (status === 413) return 'TL'
  if (status === 429) return 'RL'
  return status >= 500 ? 'GE' : status >= 400 ? 'PR' : 'LA'
}
