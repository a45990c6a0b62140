// `add`, `rm`, `set`, `get` and `options`: what is declared, changed while it runs.

import { ROUTES } from '../contract/control-routes.ts'
import { callControl } from '../control/client.ts'
import { NixpackError } from '../contract/errors.ts'
import { knownKeysAt } from '../contract/manifest-keys.ts'
import { renderSuggestion } from '../contract/nearest-name.ts'
import { resolveOptionPath } from '../control/option-names.ts'
import { usageError } from './arguments.ts'
import { reportResult, wantsWait } from './command-result.ts'
import type { Command, CommandContext } from './context.ts'
import { printText } from './context.ts'
import { awaitReply } from './patient-call.ts'
import { resolveTarget } from './target.ts'

export const add: Command = async (context) => {
  const [name = '', ...command] = context.operands
  const request = { name, declaration: { command }, start: context.flags.has('--start'), wait: wantsWait(context) }
  return reportResult(context, await awaitReply(context, [name], callControl(resolveTarget(context), ROUTES.add, request)))
}

export const rm: Command = async (context) => {
  const request = { processes: [...context.operands], keepRunning: context.flags.has('--nostop'), wait: wantsWait(context) }
  return reportResult(context, await awaitReply(context, context.operands, callControl(resolveTarget(context), ROUTES.remove, request)))
}

export const set: Command = async (context) => {
  const [process = '', ...words] = context.operands
  const request = { process, options: Object.fromEntries(parsePairs(words)), wait: wantsWait(context) }
  return reportResult(context, await awaitReply(context, [process], callControl(resolveTarget(context), ROUTES.set, request)))
}

/** KEY VALUE and KEY=VALUE, mixed. A value that is JSON is what it says, everything else is text, and so is every variable. */
const parsePairs = (words: readonly string[]): readonly [string, ReturnType<typeof parseValue>][] => {
  const [key, ...rest] = words
  if (key === undefined) return []
  const equals = key.indexOf('=')
  if (equals > 0) return [[key.slice(0, equals), parseValue(key.slice(0, equals), key.slice(equals + 1))], ...parsePairs(rest)]
  const [value, ...others] = rest
  if (value === undefined) throw usageError(`the option "${key}" has no value`)
  return [[key, parseValue(key, value)], ...parsePairs(others)]
}

const parseValue = (key: string, text: string) => {
  if (/^env(?:ironment)?\./i.test(key)) return text
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: a word.
    return text
  }
}

export const options: Command = async (context) => {
  const declaration = await readDeclaration(context)
  printText(context, context.flags.has('--json') ? `${JSON.stringify(declaration, undefined, 2)}\n` : renderPairs(Object.entries(declaration)))
  return 0
}

export const get: Command = async (context) => {
  const declaration = await readDeclaration(context)
  const keys = context.operands.slice(1)
  const entries = keys.map((key): [string, unknown] => [key, lookUp(declaration, key)])
  printText(context, context.flags.has('--json') ? `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n` : renderPairs(entries))
  return 0
}

const readDeclaration = ({ operands, ...context }: CommandContext): Promise<Readonly<Record<string, unknown>>> =>
  callControl(resolveTarget({ ...context, operands }), ROUTES.options, { process: operands[0] ?? '' })

const lookUp = (declaration: Readonly<Record<string, unknown>>, key: string): unknown => {
  const [head, ...path] = resolveOptionPath(key)
  const known = [...Object.keys(declaration), ...knownKeysAt(['processes', ''])]
  if (known.includes(head)) return path.reduce<unknown>((value, part) => new Map(Object.entries(Object(value))).get(part), declaration[head])
  throw new NixpackError('CONTROL_REFUSED', `cannot get "${key}": no such option${renderSuggestion(key, known)}`)
}

const renderPairs = (entries: readonly (readonly [string, unknown])[]): string =>
  entries.map(([key, value]) => `${key}: ${typeof value === 'string' ? value : (JSON.stringify(value) ?? 'not set')}\n`).join('')
