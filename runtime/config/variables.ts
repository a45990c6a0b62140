// Environment -> typed values. Finds every problem before anything is done about any of them; secrets are never shown.

import { resolve } from 'node:path'
import type { Manifest, VariableDeclaration } from '../contract/manifest.ts'
import { editDistance } from '../contract/nearest-name.ts'
import { AUTOMATIC_PORT, parseVariableValue } from '../contract/variable-value.ts'
import type { VariableValue } from '../contract/variable-value.ts'
import { resolveSetting } from './user-environment.ts'
import type { Environment } from './user-environment.ts'

export type Variable = VariableValue & {
  readonly name: string
  readonly declaration: VariableDeclaration
  readonly source: 'environment' | 'default' | 'unset'
}

export type ResolvedVariables = {
  /** Every declared variable; unset where there is a problem, so that files can be checked all the same. */
  readonly variables: ReadonlyMap<string, Variable>
  readonly problems: readonly string[]
  /** Variables that are set but probably misspelt. */
  readonly warnings: readonly string[]
}

export type VariablesRequest = {
  readonly manifest: Manifest
  readonly environment: Environment
  readonly workingDir: string
  /** For variables whose value is "auto". */
  readonly automaticPorts?: ReadonlyMap<string, number>
}

export const resolveVariables = ({ manifest, environment, workingDir, automaticPorts }: VariablesRequest): ResolvedVariables => {
  const results = Object.entries(manifest.env).map(([name, declaration]) => ({
    name,
    declaration,
    result: resolveVariable({ name, declaration, workingDir, automaticPort: automaticPorts?.get(name) }, resolveSetting(environment, name)),
  }))
  return {
    variables: new Map(results.map(({ name, declaration, result }) => [name, typeof result === 'string' ? createUnset(name, declaration) : result])),
    problems: results.flatMap(({ result }) => (typeof result === 'string' ? [result] : [])),
    warnings: findMisspelt(manifest, environment),
  }
}

export const isSecret = ({ type }: VariableDeclaration): boolean => type === 'secret'

export const renderGiven = (declaration: VariableDeclaration, text: string): string =>
  isSecret(declaration) ? 'a value that is not shown' : JSON.stringify(text)

type VariableRequest = {
  readonly name: string
  readonly declaration: VariableDeclaration
  readonly workingDir: string
  readonly automaticPort: number | undefined
}

/** A problem is returned as its text. An empty value counts as not set. */
const resolveVariable = ({ name, declaration, workingDir, automaticPort }: VariableRequest, given: string): Variable | string => {
  const text = resolveText(declaration, given)
  if (text === '') {
    if (declaration.required) return `${name} is not set${renderPurpose(declaration)}`
    return createUnset(name, declaration)
  }
  const parsed = parseVariableValue(declaration, text)
  if (!parsed.ok) return `${name}: expected ${parsed.expected}, got ${renderGiven(declaration, text)}`
  const source = given === '' ? 'default' : 'environment'
  return { name, declaration, source, ...makeAbsolute(declaration, fillPort(parsed.value, automaticPort), workingDir) }
}

/** The default counts where nothing is given. */
export const resolveText = (declaration: VariableDeclaration, given: string): string =>
  given === '' && declaration.default !== undefined ? String(declaration.default) : given

const fillPort = (value: VariableValue, port: number | undefined): VariableValue =>
  value.text === AUTOMATIC_PORT && port !== undefined ? { text: String(port), json: port, port } : value

const createUnset = (name: string, declaration: VariableDeclaration): Variable => ({
  name,
  declaration,
  source: 'unset',
  text: '',
  json: '',
})

const renderPurpose = ({ description }: VariableDeclaration): string => (description === '' ? '' : ` (${description})`)

const makeAbsolute = ({ type }: VariableDeclaration, value: VariableValue, workingDir: string): VariableValue => {
  if (type !== 'path' && type !== 'directory') return value
  const absolute = resolve(workingDir, value.text)
  return { ...value, text: absolute, json: absolute }
}

const findMisspelt = (manifest: Manifest, environment: Environment): readonly string[] => {
  const unset = Object.keys(manifest.env).filter((name) => resolveSetting(environment, name) === '')
  const strangers = Object.keys(environment).filter((name) => !Object.hasOwn(manifest.env, name))
  return strangers.flatMap((stranger) => {
    const meant = unset.find((name) => isSlip(stranger, name))
    return meant === undefined ? [] : [`${stranger} is set but not declared: did you mean ${meant}?`]
  })
}

/** Short names are near to each other by nature: HOME is no misspelt NAME. */
const isSlip = (stranger: string, declared: string): boolean =>
  declared.length >= 8 &&
  stranger.length >= declared.length - SLIP_MAX &&
  stranger.length <= declared.length + SLIP_MAX &&
  (stranger.toUpperCase() === declared.toUpperCase() || editDistance(stranger, declared, SLIP_MAX) <= SLIP_MAX)

const SLIP_MAX = 2
