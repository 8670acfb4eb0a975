import t from 'tap'
import { applyEdits, type Editable, type Edits, hasEdits } from '../../src/plugin-kit/edits.ts'

/** Names with lists of values, and a record of what was asked. */
class Fields implements Editable<string> {
  readonly values: Map<string, string[]>
  readonly asked: string[] = []

  constructor (values: Record<string, string[]>) {
    this.values = new Map(Object.entries(values))
  }

  has (name: string): boolean {
    return this.values.has(name)
  }

  remove (name: string): boolean {
    this.asked.push(`remove ${name}`)
    return this.values.delete(name)
  }

  rename (from: string, to: string): void {
    this.asked.push(`rename ${from}`)
    this.values.set(to, this.values.get(from) as string[])
    this.values.delete(from)
  }

  set (name: string, value: string): void {
    this.asked.push(`set ${name}`)
    this.values.set(name, [value])
  }

  append (name: string, value: string): void {
    this.asked.push(`append ${name}`)
    this.values.set(name, [...this.values.get(name) ?? [], value])
  }
}

const NONE: Edits<void, string> = { remove: [], rename: [], replace: [], add: [], append: [] }

function change (fields: Fields, edits: Partial<Edits<void, string>>): boolean {
  return applyEdits(fields, { ...NONE, ...edits }, undefined)
}

t.test('operations run in the order remove, rename, replace, add, append', async t => {
  const fields = new Fields({ a: ['1'], b: ['2'], c: ['3'] })
  change(fields, {
    append: [['c', () => 'x']],
    add: [['d', () => 'x']],
    replace: [['c', () => 'x']],
    rename: [['b', 'e']],
    remove: ['a']
  })
  t.same(fields.asked, ['remove a', 'rename b', 'set c', 'set d', 'append c'])
  t.same(Object.fromEntries(fields.values), { e: ['2'], c: ['x', 'x'], d: ['x'] })
})

t.test('each operation does what the table of Kong says, where the name is there and where it is not', async t => {
  for (const [edits, there, missing] of [
    [{ remove: ['a'] }, {}, {}],
    [{ rename: [['a', 'b']] }, { b: ['1'] }, {}],
    [{ replace: [['a', () => 'v']] }, { a: ['v'] }, {}],
    [{ add: [['a', () => 'v']] }, { a: ['1'] }, { a: ['v'] }],
    [{ append: [['a', () => 'v']] }, { a: ['1', 'v'] }, { a: ['v'] }]
  ] as Array<[Partial<Edits<void, string>>, object, object]>) {
    const one = new Fields({ a: ['1'] })
    const none = new Fields({})
    t.equal(change(one, edits), JSON.stringify(there) !== '{"a":["1"]}', 'says whether it changed')
    t.equal(change(none, edits), JSON.stringify(missing) !== '{}', 'says whether it changed')
    t.same([Object.fromEntries(one.values), Object.fromEntries(none.values)], [there, missing], Object.keys(edits).join())
  }
})

t.test('of two additions the first wins', async t => {
  const fields = new Fields({})
  change(fields, { add: [['a', () => '1'], ['a', () => '2']] })
  t.same(fields.values.get('a'), ['1'])
})

t.test('a rename to the same name is none', async t => {
  const fields = new Fields({ a: ['1'] })
  t.equal(change(fields, { rename: [['a', 'a']] }), false)
})

t.test('a set of changes knows whether it is empty', async t => {
  t.equal(hasEdits(NONE), false)
  t.equal(hasEdits({ ...NONE, remove: ['a'] }), true)
  t.equal(hasEdits({ ...NONE, append: [['a', () => '1']] }), true)
})
