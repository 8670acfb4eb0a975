/** The configuration that runs, and those before it. */
import { randomBytes } from 'node:crypto'
import { Failure } from '../api/schemas/common.ts'
import { ComparableView, ConfigView, SourceView } from '../api/schemas/running.ts'
import { ok, Refused } from '../answer.ts'
import { endpoint, type Call, type Endpoint } from '../endpoint.ts'
import { tokenKey } from '../secret-hash.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'
import { contentHash } from '../../files/watch.ts'
import { comparableView } from '../views/comparable.ts'
import { configView } from '../views/config.ts'
import { sourceText } from '../views/source-text.ts'
import { unknownSnapshot } from './snapshots.ts'

const query = { snapshot: 'Number of an older one (GET /snapshots); without it, the one that runs.' }

export function configEndpoints (): readonly Endpoint[] {
  const processKey = { kind: 'process', key: randomBytes(32) } as const
  return [
    endpoint({
      method: 'GET',
      path: '/config',
      access: 'read',
      tag: 'configuration',
      summary: 'The resolved configuration, secrets cut.',
      query,
      answers: { 200: ConfigView, 400: Failure, 404: Failure },
      async run (call) {
        const { file, snapshot } = chosen(call)
        const key = keyOf(call)
        return ok(await call.spread(configView(file, snapshot, key === null ? processKey : { kind: 'token', key })))
      }
    }),
    endpoint({
      method: 'GET',
      path: '/config/comparable',
      access: 'read',
      tag: 'configuration',
      summary: 'What `sallyport plan --running` compares a file with; for the same version of Sallyport alone.',
      query,
      answers: { 200: ComparableView, 400: Failure, 404: Failure },
      async run (call) {
        const { file, snapshot } = chosen(call)
        return ok(await call.spread(comparableView(file, snapshot, keyOf(call))))
      }
    }),
    endpoint({
      method: 'GET',
      path: '/config/source',
      access: 'read',
      tag: 'configuration',
      summary: 'The file as it was loaded, secrets cut, and what check says of it.',
      query,
      answers: { 200: SourceView, 400: Failure, 404: Failure },
      async run (call) {
        const { file, snapshot } = chosen(call)
        return ok({ snapshot, file: file.config.file, hash: `sha256:${contentHash(file.source.text)}`, text: await call.spread(sourceText(file)), diagnostics: file.diagnostics })
      }
    })
  ]
}

/** @throws Refused */
function chosen ({ source, query }: Call): { readonly file: RunnableFile, readonly snapshot: number } {
  const wanted = query.get('snapshot')
  if (wanted === null) return { file: source.running(), snapshot: source.number }
  if (!/^\d{1,15}$/.test(wanted)) throw new Refused(400, 'snapshot has to be a number')
  const file = source.history.file(Number(wanted))
  if (file === undefined) throw new Refused(404, unknownSnapshot(Number(wanted), source))
  return { file, snapshot: Number(wanted) }
}

/** What secrets are hashed with; null: the listener has no token. */
function keyOf ({ source }: Call): ReturnType<typeof tokenKey> | null {
  const { token } = source.rules()
  return token === null ? null : tokenKey(token)
}
