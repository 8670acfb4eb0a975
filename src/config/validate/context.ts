import type { Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import type { checkRegex } from '../regex/safety.ts'
import type { Finding, Report } from '../report.ts'
import type { Source } from '../source.ts'

/** Fields of an entity as they came through the schema; those that failed it may hold anything. */
export type Fields = Readonly<Record<string, unknown>>

/** What a check of one entity works with. */
export class EntityContext {
  readonly source: Source
  readonly report: Report
  readonly pointer: Pointer
  /** Remembers its verdicts for all entities of the file. */
  readonly checkRegex: typeof checkRegex

  constructor (source: Source, report: Report, pointer: Pointer, check: typeof checkRegex) {
    this.source = source
    this.report = report
    this.pointer = pointer
    this.checkRegex = check
  }

  /** About a field; `path` leads to it from the entity. */
  at (path: ReadonlyArray<string | number>, finding: Finding, part: 'key' | 'value' = 'value'): void {
    this.report.at(this.source, this.#to(path), finding, part)
  }

  /** About a part of a text. */
  within (path: ReadonlyArray<string | number>, index: number, length: number, finding: Finding): void {
    this.report.within(this.source, this.#to(path), index, length, finding)
  }

  isSecret (path: ReadonlyArray<string | number>): boolean {
    return this.source.isSecret(this.#to(path))
  }

  /** Whether the file says anything about the field, be it null. */
  has (key: string): boolean {
    return this.source.has(join(this.pointer, key))
  }

  /** Whether it says so in the entity itself, not by way of an alias, a merge key or a block of defaults. */
  writes (key: string): boolean {
    return this.has(key) && this.source.via(join(this.pointer, key)).length === 0
  }

  isBroken (path: ReadonlyArray<string | number>): boolean {
    return this.source.isBroken(this.#to(path))
  }

  /** Whether a part of the field is broken: rules about the whole can't be asked then. */
  holdsBroken (path: ReadonlyArray<string | number>): boolean {
    return this.source.holdsBroken(this.#to(path))
  }

  #to (path: ReadonlyArray<string | number>): Pointer {
    return path.reduce<Pointer>(join, this.pointer)
  }
}
