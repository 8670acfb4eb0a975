import { Type } from '../../src/plugin.ts'

const Pattern = Type.String({
  title: 'Regex',
  description: 'Searched in User-Agent; case matters.',
  minLength: 1,
  examples: ['^helpful-bot/']
})

export const BotDetection = Type.Object({
  allow: Type.Array(Pattern, {
    title: 'Allow',
    description: 'Regexes for User-Agent: who matches one passes, whatever else matches.',
    default: [],
    examples: [['^helpful-bot/\\d']]
  }),
  deny: Type.Array(Pattern, {
    title: 'Deny',
    description: 'Regexes for User-Agent: who matches one is refused, beside those of the built-in list.',
    default: [],
    examples: [['^curl/', 'EvilClient']]
  })
}, {
  title: 'bot-detection',
  description: 'Refuses clients that call themselves bots, by User-Agent.',
  additionalProperties: false
})
