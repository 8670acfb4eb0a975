/** Asks a gateway what it runs. */
import type { ComparableView } from '../../admin/api/types.ts'
import { version } from '../../version.ts'

/** Why a gateway could not be asked: a sentence, and what to do. */
export class NotAsked extends Error {}

const PATIENCE = 30_000
/** Bytes; 10,000 routes are some ten million. */
const MOST = 512 * 1024 * 1024

/**
 * @param url of the admin listener
 * @param token null: none is known
 * @throws {NotAsked}
 */
export async function askRunning (url: URL, token: string | null): Promise<ComparableView> {
  const answer = await fetched(new URL('config/comparable', url), token)
  const text = await bodyOf(answer, url)
  let body: Partial<ComparableView> & { readonly message?: unknown }
  try {
    body = JSON.parse(text) as typeof body
  } catch {
    throw new NotAsked(`${url.origin} answers ${answer.status} without JSON: it is no admin listener of Sallyport.`)
  }
  if (answer.status === 401) {
    throw new NotAsked(token === null
      ? `${url.origin} wants its token: set SALLYPORT_ADMIN_TOKEN, or name a file that holds it with --token-file.`
      : `${url.origin} refuses the token: it has to be the gateway.admin.token that runs there.`)
  }
  if (answer.status === 404) throw new NotAsked(`${url.origin} has no /config/comparable: it runs another version of Sallyport than this one (${version}), or is something else.`)
  if (answer.status !== 200) throw new NotAsked(`${url.origin} answers ${answer.status}${typeof body?.message === 'string' ? `: ${printable(body.message)}` : ''}.`)
  if (typeof body?.version !== 'string' || typeof body.config !== 'object') throw new NotAsked(`${url.origin} is no admin listener of Sallyport.`)
  if (body.version !== version) throw new NotAsked(`${url.origin} runs Sallyport ${printable(body.version)}, and this is ${version}: the same file may mean something else to each. Compare with the version that runs.`)
  return body as ComparableView
}

async function fetched (url: URL, token: string | null): Promise<Response> {
  try {
    // a redirect would take the token elsewhere
    return await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE), headers: token === null ? {} : { authorization: `Bearer ${token}` } })
  } catch (error) {
    throw unreachable(url, error)
  }
}

async function bodyOf ({ body }: Response, url: URL): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of body ?? []) {
      parts.push(part)
      size += part.length
      if (size > MOST) break
    }
  } catch (error) {
    throw unreachable(url, error)
  }
  if (size > MOST) throw new NotAsked(`${url.origin} answers more than a configuration can be.`)
  return Buffer.concat(parts).toString('utf8')
}

function unreachable (url: URL, error: unknown): NotAsked {
  const { name, cause } = error as Error & { cause?: NodeJS.ErrnoException }
  const why = name === 'TimeoutError' ? `no answer in ${PATIENCE / 1000} s` : cause?.code ?? cause?.message ?? (error as Error).message
  return new NotAsked(`${url.origin} can't be asked (${printable(why)}): is the gateway running, with gateway.admin there?`)
}

/** What another program says must not act on the terminal. */
function printable (text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 200) // eslint-disable-line no-control-regex
}
