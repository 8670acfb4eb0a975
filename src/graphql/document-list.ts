import { resolve } from 'node:path'
import { readRegular, readRegularSync } from '../files/read-regular.ts'
import { contentHash, watchFile } from '../files/watch.ts'
import type { PluginGateway } from '../plugin.ts'
import { hashOf, parseDocument } from './documents.ts'
import type { KnownDocuments } from './front-end.ts'

/** Documents of a file, by id. */
export class DocumentList implements KnownDocuments {
  #texts: ReadonlyMap<string, string>
  #all: ReadonlySet<string>

  constructor (texts: ReadonlyMap<string, string>) {
    this.#texts = texts
    this.#all = new Set(texts.values())
  }

  replace (texts: ReadonlyMap<string, string>): void {
    this.#texts = texts
    this.#all = new Set(texts.values())
  }

  text (id: string): string | undefined {
    // GraphQL over HTTP writes the kind of a hash before it
    return this.#texts.get(id) ?? (id.startsWith('sha256:') ? this.#texts.get(id.slice(7).toLowerCase()) : undefined)
  }

  has (text: string): boolean {
    return this.#all.has(text)
  }
}

/**
 * The documents of a file, which is read again when it changes. A file that can't be read then, or holds what is none, changes
 * nothing.
 *
 * @throws Error when it can't be used at the start
 */
export async function keepDocumentList (gateway: PluginGateway, file: string): Promise<DocumentList> {
  const path = resolve(gateway.directory, file)
  const content = await read(path, file)
  const texts = parseDocumentList(content.toString('utf8'), file)
  const list = gateway.keep(`documents:${path}`, () => startList(gateway, path, file, content, texts), ({ close }) => close()).list
  // one that is refused changes nothing for the configuration that serves
  gateway.serving(() => list.replace(texts))
  return list
}

function startList ({ log }: PluginGateway, path: string, file: string, content: Buffer, texts: ReadonlyMap<string, string>): { list: DocumentList, close: () => void } {
  const list = new DocumentList(texts)
  const watch = watchFile(path, () => {
    read(path, file).then(next => {
      list.replace(parseDocumentList(next.toString('utf8'), file))
      log.info({ documents: file }, 'the allowed GraphQL documents were read again')
    }).catch((error: unknown) => {
      log.error({ documents: file, reason: (error as Error).message }, 'the allowed GraphQL documents stay as they were')
    })
  }, { known: contentHash(content) })
  return { list, close: () => watch.close() }
}

/** What is wrong with such a file; null: nothing. @param directory where relative names start */
export function documentListProblem (directory: string, file: string): string | null {
  try {
    parseDocumentList(readRegularSync(resolve(directory, file)).toString(), file)
    return null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === undefined || code.startsWith('SP_') ? message : `'${file}' can't be read (${code})`
  }
}

async function read (path: string, shown: string): Promise<Buffer> {
  try {
    return await readRegular(path)
  } catch (error) {
    throw new Error(`'${shown}' can't be read (${(error as NodeJS.ErrnoException).code ?? 'no code'})`)
  }
}

/** Longest of them, in tokens. */
const MAX_TOKENS = 20_000

/**
 * Reads ids and documents: an object of texts by id (Relay and others), a list of texts, or Apollo's manifest. Each can be
 * named by its SHA-256 as well.
 */
function parseDocumentList (content: string, shown: string): Map<string, string> {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    throw new Error(`'${shown}' is not JSON`)
  }
  const texts = new Map<string, string>()
  for (const [id, text] of entriesOf(value, shown)) {
    if (texts.has(id) && texts.get(id) !== text) throw new Error(`'${shown}': the id '${id}' stands twice`)
    try {
      parseDocument(text, MAX_TOKENS)
    } catch (error) {
      throw new Error(`'${shown}': document '${id}': ${(error as Error).message}`)
    }
    texts.set(id, text)
  }
  if (texts.size === 0) throw new Error(`'${shown}' has no documents`)
  for (const text of [...texts.values()]) if (!texts.has(hashOf(text))) texts.set(hashOf(text), text)
  return texts
}

function * entriesOf (value: unknown, shown: string): Generator<[id: string, text: string]> {
  const manifest = value as { format?: unknown, operations?: unknown } | null
  if (manifest?.format === 'apollo-persisted-query-manifest' && Array.isArray(manifest.operations)) {
    for (const { id, body } of manifest.operations as Array<{ id?: unknown, body?: unknown }>) yield [String(id), textOf(body, String(id), shown)]
  } else if (Array.isArray(value)) {
    for (const [index, text] of (value as unknown[]).entries()) yield [hashOf(textOf(text, String(index), shown)), text as string]
  } else if (typeof value === 'object' && value !== null) {
    for (const [id, text] of Object.entries(value)) yield [id, textOf(text, id, shown)]
  }
}

function textOf (text: unknown, id: string, shown: string): string {
  if (typeof text === 'string') return text
  throw new Error(`'${shown}': document '${id}' is not a string`)
}
