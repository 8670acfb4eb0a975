/** The configuration that runs, those before it, and what may be done about it. */
import { Type } from 'typebox'
import { closed, Finding, nullable, text, time, truth, whole } from './common.ts'

export const ConfigView = closed({
  snapshot: whole('Its number.'),
  file: Type.String(),
  hash: text('`sha256:` and the digest of the file\'s text.'),
  config: Type.Record(Type.String(), Type.Unknown(), { description: 'What `sallyport print --format json` prints: references resolved, defaults filled in, secrets `***`.' }),
  secrets: Type.Array(closed({
    pointer: text('JSON pointer into `config`.'),
    hash: text('HMAC-SHA256 of the value (a text as it is, anything else as JSON), in hex.')
  }), { description: 'What was cut, each with what tells whether it has changed.' }),
  hash_key: Type.Enum(['token', 'process'], {
    description: '`token`: the key of the hashes is HMAC-SHA256(admin token, "sallyport config secrets"), so that who has the token can hash values of another file. `process`: it is random, and hashes of one run can be compared to each other.'
  })
}, { description: 'The resolved configuration.' })

export const ComparableView = closed({
  version: text('Of Sallyport: what a configuration consists of may differ from one to the next.'),
  snapshot: whole('Its number.'),
  file: Type.String(),
  config: Type.Record(Type.String(), Type.Unknown(), { description: 'As the engine has it; secrets are `***`, numbers that are some `null`, ids of credentials empty.' }),
  secrets: Type.Array(closed({
    pointer: text('JSON pointer into `config`.'),
    hash: nullable(Type.String(), { description: 'As in GET /config, with the key that follows from the token; null: the listener has no token, and nothing tells whether it is the same.' })
  }), { description: 'What was cut.' }),
  places: Type.Record(Type.String(), Type.Tuple([Type.Integer(), Type.Integer()]), { description: 'Line and column of each entity in the file, by its `pointer`.' }),
  plugins: Type.Array(closed({
    name: Type.String(),
    priority: Type.Number(),
    authentication: Type.Optional(Type.String()),
    protects: Type.Optional(Type.String())
  }), { description: 'Those that `gateway.modules` brings.' }),
  overrides: Type.Record(Type.String(), Type.Unknown(), { description: 'Flags of `start` that win over the file.' })
}, { description: 'A configuration to compare a file with.' })

export const SourceView = closed({
  snapshot: whole('Its number.'),
  file: Type.String(),
  hash: text('`sha256:` and the digest of the whole text.'),
  text: text('The file, secrets cut.'),
  diagnostics: Type.Array(Finding)
}, { description: 'A file as it was loaded.' })

export const SnapshotView = closed({
  id: whole('Counts what was tried, from 1: also what was refused.'),
  snapshot: nullable(Type.Integer(), { description: 'Number of the configuration; null: it was refused.' }),
  state: Type.Enum(['running', 'replaced', 'refused']),
  at: time('When it was taken over, or refused.'),
  trigger: Type.Enum(['start', 'file', 'signal', 'call', 'rollback']),
  of: nullable(Type.Integer(), { description: 'Snapshot that a rollback has put back; null: it was none.' }),
  hash: nullable(Type.String(), { description: '`sha256:` and the digest of the file\'s text; null: it could not be read.' }),
  took: whole('Milliseconds.'),
  error: nullable(Type.String(), { description: 'Why it was refused.' }),
  diagnostics: Type.Array(Finding, { description: 'The first 50, errors before warnings.' }),
  errors: whole('How many there were.'),
  warnings: whole('How many there were.'),
  services: nullable(Type.Integer()),
  routes: nullable(Type.Integer()),
  plugins: nullable(Type.Integer()),
  consumers: nullable(Type.Integer()),
  can_roll_back: truth('It is still known, and another one runs.')
}, { description: 'A configuration that was tried.' })

export const RollbackOrder = closed({ snapshot: Type.Integer({ minimum: 1, description: 'Number of the snapshot to put back.' }) })

export const ReloadOrder = closed({ dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Reads and checks the file, and changes nothing.' })) })

export const ReloadResult = closed({
  ok: Type.Boolean(),
  dry_run: Type.Boolean(),
  changed: truth('The text of the file differs from what runs.'),
  snapshot: nullable(Type.Integer(), { description: 'Number of the new configuration; null: none runs.' }),
  of: nullable(Type.Integer(), { description: 'What a rollback has put back.' }),
  took: whole('Milliseconds.'),
  error: nullable(Type.String(), { description: 'Why it was refused.' }),
  diagnostics: Type.Array(Finding)
}, { description: 'What became of it.' })

export const ExplainOrder = Type.Object({
  method: Type.Optional(Type.String({ minLength: 1, default: 'GET' })),
  url: Type.String({ minLength: 1, description: 'Absolute, or a path.' }),
  headers: Type.Optional(Type.Array(Type.Tuple([Type.String(), Type.String()]), { description: 'Name and value.' })),
  ip: Type.Optional(Type.String({ description: 'Address that the connection comes from.' })),
  consumer: Type.Optional(Type.String({ description: 'Explains as if this one were authenticated: username, custom_id or id.' })),
  data: Type.Optional(Type.String({ description: 'Body.' })),
  near: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'How many near candidates are listed; default 5.' }))
}, { additionalProperties: false, description: 'A request that might come.' })

export const Explanation = Type.Object({ version: Type.Integer() }, { additionalProperties: true, description: 'What `sallyport explain --json` prints.' })
