import type { Draft, Place } from './draft.ts'

export interface ImportInput {
  readonly text: string
  /** As the user calls it; what a finding names. */
  readonly file: string
  /** Absolute. */
  readonly path: string
  /** Folder of the gateway.yaml that is written: relative names in it start there. */
  readonly directory: string
  readonly options: ImporterOptions
}

/** What only some importers ask. */
export interface ImporterOptions {
  /** What becomes one route, of an OpenAPI document. */
  readonly routes?: 'path' | 'operation' | 'tag' | undefined
  /** Where the service is, for documents with relative servers or none. */
  readonly upstream?: string | undefined
}

export interface Imported {
  readonly draft: Draft
  readonly placeOf: (item: object) => Place
  /** Comment above the file, beside what every file has. */
  readonly head: readonly string[]
  /** What the result does in another way than the source's gateway, though it says the same; asked when all is translated. */
  readonly differences?: () => readonly string[]
}

/** Reads a source and translates what can be; throws ImportError for one that it can't read. */
export type Importer = (input: ImportInput) => Imported | Promise<Imported>
