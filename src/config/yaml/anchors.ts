import { didYouMean } from '../nearest.ts'
import type { ContentNode } from './nodes.ts'

/** A value with a name. */
export interface Anchor {
  readonly node: ContentNode
  /** It is still being read: an alias to it would stand inside of it. */
  open: boolean
}

/** The anchors of a document, as far as it is read. */
export class Anchors {
  readonly #known = new Map<string, Anchor>()

  add (name: string, node: ContentNode, open: boolean): Anchor {
    const anchor = { node, open }
    this.#known.set(name, anchor)
    return anchor
  }

  /** What an alias stands for, or why it stands for nothing. */
  resolve (name: string): { readonly node: ContentNode } | { readonly node: null, readonly cause: string, readonly mend: string } {
    const anchor = this.#known.get(name)
    if (anchor === undefined) {
      const guess = didYouMean(name, this.#known.keys())
      return {
        node: null,
        cause: `no anchor '&${name}' stands before this alias`,
        mend: guess === undefined ? `Put \`&${name}\` in front of the value that is meant, above this line; a text that starts with \`*\` needs quotes.` : `Check the name: ${guess}`
      }
    }
    if (!anchor.open) return anchor
    return { node: null, cause: `the alias '*${name}' stands inside the value that it names`, mend: 'Write the value out: a value can\'t contain itself.' }
  }
}
