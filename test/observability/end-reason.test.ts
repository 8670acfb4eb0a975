import t from 'tap'
import { END_REASONS, reasonOfError } from '../../src/observability/end-reason.ts'
import { readMarkdown } from '../helpers/markdown.ts'

t.test('the table of docs/end-reasons.md is the list, and names errors where they belong', async t => {
  const rows = [...readMarkdown('docs/end-reasons.md').matchAll(/^\| `([^`]+)` \| (.+?) \| (.*?) ?\|$/gm)]
  t.same(Object.fromEntries(rows.map(([, code, text]) => [code, text])), END_REASONS)
  const named = rows.flatMap(([, code, , errors]) => [...(errors as string).matchAll(/`([^`]+)`/g)].map(([, error]) => [error as string, code as string] as const))
  t.ok(named.length > 40, 'the table names errors')
  // at a status that would be judged otherwise
  for (const [error, code] of named) t.equal(reasonOfError(error, 418), code, error)
})

t.test('an error that the list does not name is judged by its status', async t => {
  const judged = [401, 403, 404, 413, 429, 500, 503, 302].map(status => reasonOfError('SP_OF_A_PLUGIN', status))
  t.same(judged, ['UA', 'FB', 'PR', 'TL', 'RL', 'GE', 'GE', 'LA'])
  t.equal(reasonOfError('HPE_INVALID_METHOD', 400), 'DPE')
})
