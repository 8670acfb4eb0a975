/** Loads what `gateway.modules` names: packages and local files, JavaScript and TypeScript. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { register } from 'node:module'
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as contract from './plugin.ts'

/** A file with what it holds. */
export interface ModuleFile {
  /** Absolute. */
  readonly path: string
  /** SHA-256 of its content in hex; '' for one that can't be read. */
  readonly hash: string
}

export interface PluginModulesOptions {
  /** Load a local file again when it, or one that it imports, has changed; default false: the process keeps what it has. */
  readonly fresh?: boolean
}

interface Loaded {
  /** Of all files that took part. */
  readonly stamp: string
  readonly exported: Promise<unknown>
}

const TYPESCRIPT = /\.[cm]?ts$/

/** Argument of an address. */
const VERSION = 'sallyport-version'

/** What a file imports of the files beside it. */
const IMPORT = /\b(?:from|import|require)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]*)\1/g

/** Tried behind a name that is none of a file. */
const ENDINGS = ['', '.ts', '.js', '.mts', '.mjs', '.cts', '.cjs', '/index.ts', '/index.js']

/** The modules of one process. */
export class PluginModules {
  readonly #fresh: boolean
  readonly #known = new Map<string, Loaded>()
  #files: ModuleFile[] = []
  #hooked = false

  constructor ({ fresh = false }: PluginModulesOptions = {}) {
    this.#fresh = fresh
  }

  /** The local files that were asked for since {@link forgetFiles}, with what they import; only with `fresh`. */
  get files (): readonly ModuleFile[] {
    return this.#files
  }

  forgetFiles (): void {
    this.#files = []
  }

  /**
   * The default export of a module.
   *
   * @param file absolute path
   * @param local it is one of the user's own files, and not of a package
   */
  async import (file: string, local: boolean): Promise<unknown> {
    const again = this.#fresh && local
    const files = again ? localFiles(file) : []
    this.#files.push(...files)
    const stamp = files.map(({ path, hash }) => `${path} ${hash}`).join('\n')
    const known = this.#known.get(file)
    if (known !== undefined && known.stamp === stamp) return await known.exported
    const exported = TYPESCRIPT.test(file) ? transformed(file) : native(file, again ? this.#version(stamp) : '')
    this.#known.set(file, { stamp, exported })
    // what failed may be mended outside of these files: a package is installed, say
    exported.catch(() => this.#known.delete(file))
    return await exported
  }

  #version (stamp: string): string {
    if (!this.#hooked) register(HOOKS)
    this.#hooked = true
    return createHash('sha256').update(stamp).digest('hex').slice(0, 16)
  }
}

/** @param version makes the address another one, with those of what it imports: Node never loads one twice */
async function native (file: string, version: string): Promise<unknown> {
  const url = pathToFileURL(file)
  if (version !== '') url.searchParams.set(VERSION, version)
  return ((await import(url.href)) as { default?: unknown }).default
}

/** Packages are Node's own even so; no cache is written, since whoever may write there could change what runs here. */
async function transformed (file: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(pathToFileURL(file).href, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    // no second copy of the gateway, and none needed beside the file
    virtualModules: { 'sallyport/plugin': contract }
  })
  return (await jiti.import<{ default?: unknown }>(file)).default
}

/** In another thread, and so as text: what a file of some version imports from beside it is of that version. */
const HOOKS = `data:text/javascript,${encodeURIComponent(`
export async function resolve (specifier, context, next) {
  const found = await next(specifier, context)
  const version = context.parentURL?.startsWith('file:') && specifier.startsWith('.') && new URL(context.parentURL).searchParams.get('${VERSION}')
  if (!version || !found.url.startsWith('file:')) return found
  const url = new URL(found.url)
  url.searchParams.set('${VERSION}', version)
  return { ...found, url: url.href }
}`)}`

/** A file and all that it imports, directly or not, of the files beside it. */
export function localFiles (entry: string): ModuleFile[] {
  const found = new Map<string, ModuleFile>()
  const open = [entry]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue
    let text: string | null = null
    try {
      text = readFileSync(path, 'utf8')
    } catch {
      // it is missing: it may come
    }
    found.set(path, { path, hash: text === null ? '' : createHash('sha256').update(text).digest('hex') })
    for (const [,, name = ''] of text?.matchAll(IMPORT) ?? []) open.push(locate(resolve(dirname(path), name)))
  }
  return [...found.values()].sort((a, b) => a.path < b.path ? -1 : 1)
}

function locate (path: string): string {
  // TypeScript imports `./x.js` for x.ts
  const source = path.replace(/\.([cm]?)js$/, '.$1ts')
  const candidates = [...ENDINGS.map(ending => path + ending), ...extname(path) === '' ? [] : [source]]
  return candidates.find(candidate => existsSync(candidate) && statSync(candidate).isFile()) ?? path
}
