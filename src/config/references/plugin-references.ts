/** As much of a schema as says where references are. */
interface Part {
  readonly refersTo?: string
  readonly properties?: Readonly<Record<string, Part>>
  readonly items?: Part
}

/** A value of a plugin's options that speaks of other entities of the file. */
export interface PluginReference {
  /** What the schema says: an entity's kind that it names, or a word for what it depends on. */
  readonly to: string
  readonly value: unknown
  /** Steps from the options to the value. */
  readonly path: ReadonlyArray<string | number>
}

/** What options of a schema may refer to. */
export function * referredTo (schema: unknown): Generator<string> {
  const { refersTo, properties = {}, items } = schema as Part
  if (refersTo !== undefined) yield refersTo
  if (items !== undefined) yield * referredTo(items)
  for (const part of Object.values(properties)) yield * referredTo(part)
}

/** All of them, also those inside of lists and objects. */
export function * referencesIn (schema: unknown, value: unknown, path: ReadonlyArray<string | number> = []): Generator<PluginReference> {
  if (value === undefined || value === null) return
  const { refersTo, properties = {}, items } = schema as Part
  if (refersTo !== undefined) {
    yield { to: refersTo, value, path }
  } else if (Array.isArray(value)) {
    if (items !== undefined) for (const [index, item] of value.entries()) yield * referencesIn(items, item, [...path, index])
  } else if (typeof value === 'object') {
    for (const [key, part] of Object.entries(properties)) yield * referencesIn(part, (value as Readonly<Record<string, unknown>>)[key], [...path, key])
  }
}
