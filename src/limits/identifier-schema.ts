import { Type } from 'typebox'
import { HeaderName } from '../plugin-kit/pairs.ts'

/** `claim_name`, in the forms of jwt's options. */
function ClaimName (purpose: string) {
  const step = { title: 'Claim', description: 'Name of a claim, or of a member inside; dots lead inside.', minLength: 1, examples: ['org.id'] }
  return Type.Union([
    Type.String(step),
    Type.Array(Type.String(step), { title: 'Steps', description: 'Names, step by step.', minItems: 1, examples: [['https://example.com/org', 'id']] })
  ], {
    title: 'Claim',
    description: `Claim of the verified token, for ${purpose}: its name, in which dots lead inside, or a list of names, step by step.`,
    examples: ['plan', ['https://example.com/org', 'id']]
  })
}

/**
 * `limit_by` and what its values need beside it, as options of a plugin.
 *
 * @param claims for what `claim_name` is
 */
export function IdentifiedBy ({ description, example, claims = '`limit_by: claim`' }: { readonly description: string, readonly example: string, readonly claims?: string }) {
  return {
    limit_by: Type.Enum(['consumer', 'credential', 'ip', 'service', 'header', 'path', 'claim', 'scope', 'consumer-group'], {
      title: 'Limit by',
      description,
      default: 'consumer',
      examples: [example]
    }),
    header_name: Type.Optional({
      ...HeaderName,
      title: 'Header',
      description: 'Header of `limit_by: header`.',
      examples: ['x-tenant']
    }),
    path: Type.Optional(Type.String({
      title: 'Path',
      description: 'Request path of `limit_by: path`: all its requests share one count.',
      pattern: '^/',
      examples: ['/export']
    })),
    claim_name: Type.Optional(ClaimName(claims))
  }
}
