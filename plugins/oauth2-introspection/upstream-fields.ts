import type { Config } from './options.ts'

/** Kong's, by member of the answer. X-Credential-Identifier comes with every credential. */
const FIELDS: Readonly<Record<string, string>> = {
  'X-Credential-Scope': 'scope',
  'X-Credential-Client-ID': 'client_id',
  'X-Credential-Token-Type': 'token_type',
  'X-Credential-Exp': 'exp',
  'X-Credential-Iat': 'iat',
  'X-Credential-Nbf': 'nbf',
  'X-Credential-Sub': 'sub',
  'X-Credential-Aud': 'aud',
  'X-Credential-Iss': 'iss',
  'X-Credential-Jti': 'jti'
}

/** Header fields for the upstream, each with the member of the answer that it shows. */
export function upstreamFields ({ claims_to_headers: own, custom_claims_forward: custom }: Config): Readonly<Record<string, string>> {
  return { ...FIELDS, ...Object.fromEntries(custom.map(claim => [fieldName(claim), claim])), ...own }
}

/** `tenant_id` becomes X-Credential-Tenant-Id. */
function fieldName (claim: string): string {
  const words = claim.split(/[_.-]+/).filter(word => word !== '')
  return ['X-Credential', ...words.map(word => word.charAt(0).toUpperCase() + word.slice(1))].join('-')
}
