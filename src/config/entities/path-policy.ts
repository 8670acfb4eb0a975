import { Type } from 'typebox'
import { pathActions } from '../../router/path-policy.ts'
import type { PathPolicy } from '../../router/path-policy.ts'
import { closed } from './common.ts'

const KEPT = '`keep`: an ordinary part of the path; `keep_if_safe`: kept, but 400 where a server that decodes it would leave the protection of the route; `reject`: 400'

function action (defaults: Partial<PathPolicy>, feature: keyof PathPolicy, description: string) {
  return Type.Optional(Type.Enum([...pathActions], { ...defaultOf(defaults, feature), description: `${description}; ${KEPT}.` }))
}

function defaultOf (defaults: Partial<PathPolicy>, feature: keyof PathPolicy): { default?: string } {
  const value = defaults[feature]
  return value === undefined ? {} : { default: value }
}

/** @param defaults none: what is left out is somebody else's to say */
export function pathPolicy (description: string, defaults: Partial<PathPolicy>) {
  return Type.Optional(closed({
    encoded_slash: action(defaults, 'encoded_slash', '`%2F`. `decode`: a `/`'),
    backslash: action(defaults, 'backslash', 'A back-slash, or `%5C`. `decode`: a `/`'),
    null_byte: Type.Optional(Type.Enum(['reject', 'keep'], { ...defaultOf(defaults, 'null_byte'), description: '`%00`. `keep`: goes on as it is; `reject`: 400.' })),
    control_characters: Type.Optional(Type.Enum(['reject', 'keep'], { ...defaultOf(defaults, 'control_characters'), description: '`%01` to `%1F`, and `%7F`. `keep`: an ordinary part of the path; `reject`: 400.' })),
    semicolon: action(defaults, 'semicolon', '`;` (or `%3B`) and what follows it in its segment. `decode`: cut'),
    double_encoding: action(defaults, 'double_encoding', '`%25` before two hex digits. `decode`: until nothing is encoded twice'),
    overlong_utf8: action(defaults, 'overlong_utf8', 'A character in more bytes than UTF-8 gives it, as `%C0%AE` for a dot. `decode`: that character')
  }, { ...Object.keys(defaults).length === 0 ? {} : { default: {} }, description }))
}
