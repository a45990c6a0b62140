// hooks.NAME -> commands. circus calls Python functions with its own objects, which nobody here can: what is meant to
// guard a start must not be left out in silence, so that such a hook is an error unless its failures are to be ignored.

import { HOOK_NAMES } from '../contract/manifest-schema.ts'
import type { HookName, ManifestInput } from '../contract/manifest-schema.ts'
import { resolveNearestName } from '../contract/nearest-name.ts'
import type { Section } from './section.ts'
import { splitShellWords } from './shell-words.ts'

type HooksInput = NonNullable<NonNullable<ManifestInput['processes']>[string]['hooks']>

export const planHooks = (section: Section): HooksInput => {
  const keys = section.keys.filter((key) => key.startsWith(PREFIX))
  return Object.fromEntries(keys.flatMap((key) => planHook(section, key)))
}

const PREFIX = 'hooks.'

const planHook = (section: Section, key: string): readonly [HookName, NonNullable<HooksInput[HookName]>][] => {
  const given = key.slice(PREFIX.length)
  const name = HOOK_NAMES.find((known) => toCircusName(known) === given)
  if (name === undefined) {
    const nearest = resolveNearestName(given, HOOK_NAMES.map(toCircusName))
    section.problem(key, `unknown hook "${given}"${nearest === undefined ? '' : `, did you mean "${nearest}"?`}`)
    return []
  }
  const { text, ignoreFailure } = parseHook(section.text(key) ?? '')
  const command = splitShellWords(text)
  const [program] = command ?? []
  if (command === undefined || program === undefined) {
    section.problem(key, `"${key}": expected a command, got ${JSON.stringify(text)}`)
    return []
  }
  if (program.includes('/')) return [[name, { command: [...command], ignoreFailure }]]
  refusePython({ section, key, program, ignoreFailure })
  return []
}

const refusePython = ({ section, key, program, ignoreFailure }: { section: Section; key: string; program: string; ignoreFailure: boolean }): void => {
  const what = `"${key}": the Python function "${program}" cannot be called here`
  if (ignoreFailure) section.warn(key, `${what}, and its failures are to be ignored: it is left out`)
  else section.problem(key, `${what}; give a command such as /path/to/program, or write "${program},true" to go on without it`)
}

/** What follows the last comma says whether failures are ignored, if it is a boolean. */
const parseHook = (value: string): { readonly text: string; readonly ignoreFailure: boolean } => {
  const [, text = value, flag = 'false'] = /^(.*?)\s*,\s*(true|false|1|0|yes|no)\s*$/is.exec(value) ?? []
  return { text, ignoreFailure: /^(?:true|1|yes)$/i.test(flag) }
}

const toCircusName = (name: HookName): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
