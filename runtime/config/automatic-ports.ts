// Variables of type port with the value "auto": each gets a free port, which it keeps from run to run. The first choice
// follows from the names, so that a host without writable state comes to the same ports, too.
//
//   const wanted = findAutomaticPorts(manifest, environment)
//   const request = { wanted, portsPath: resolvePortsPath(directories), seed: `${bundle}/${instance}` }
//   const { ports, warnings } = await resolveAutomaticPorts(request)        up, reload (there with `held`, those in use)
//   const ports = predictAutomaticPorts(request)                            env, config, plan: nothing is tried or written
//   resolveVariables({ manifest, environment, workingDir, automaticPorts: ports })

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Directories } from '../contract/directories.ts'
import { NixpackError } from '../contract/errors.ts'
import type { Manifest } from '../contract/manifest.ts'
import { hashText } from '../contract/sha256.ts'
import { AUTOMATIC_PORT } from '../contract/variable-value.ts'
import { isPortFree } from './free-port.ts'
import { makeDirectory } from './make-directory.ts'
import { resolveSetting } from './user-environment.ts'
import type { Environment } from './user-environment.ts'
import { resolveText } from './variables.ts'

export type WantedPort = { readonly name: string; readonly min: number; readonly max: number }

export type AutomaticPortsRequest = {
  readonly wanted: readonly WantedPort[]
  readonly portsPath: string
  /** Bundle and instance. */
  readonly seed: string
  /** Ports that our own processes listen on: they are kept untried. */
  readonly held?: ReadonlyMap<string, number>
}

export type AutomaticPorts = { readonly ports: ReadonlyMap<string, number>; readonly warnings: readonly string[] }

/** Below the range from which Linux takes the ports of outgoing connections (ip_local_port_range, 32768 to 60999). */
const FIRST_PORT = 20_000
const LAST_PORT = 32_767

export const resolvePortsPath = ({ state }: Directories): string => `${state}/ports.json`

export const findAutomaticPorts = ({ env }: Manifest, environment: Environment): readonly WantedPort[] =>
  Object.entries(env).flatMap(([name, declaration]) => {
    if (declaration.type !== 'port' || resolveText(declaration, resolveSetting(environment, name)) !== AUTOMATIC_PORT) return []
    const { min, max } = declaration
    const isFree = min === undefined && max === undefined
    return [{ name, min: isFree ? FIRST_PORT : Number(min ?? 1024), max: isFree ? LAST_PORT : Number(max ?? 65_535) }]
  })

export const predictAutomaticPorts = ({ wanted, portsPath, seed }: AutomaticPortsRequest): ReadonlyMap<string, number> => {
  const { ports } = readPorts(portsPath)
  return new Map(wanted.map((port) => [port.name, ports.get(port.name) ?? firstChoice(port, seed)]))
}

export const resolveAutomaticPorts = async (request: AutomaticPortsRequest): Promise<AutomaticPorts> => {
  const { wanted, portsPath, held = new Map() } = request
  if (wanted.length === 0) return { ports: new Map(), warnings: [] }
  const remembered = readPorts(portsPath)
  const ports = new Map<string, number>(wanted.flatMap(({ name }) => (held.has(name) ? [[name, held.get(name) ?? 0]] : [])))
  const warnings = [...remembered.warnings]
  for (const port of wanted) {
    if (ports.has(port.name)) continue
    const before = remembered.ports.get(port.name)
    const chosen = await choosePort(port, { before, seed: request.seed, taken: new Set([...ports.values(), ...othersOf(remembered.ports, port.name)]) })
    if (before !== undefined && before !== chosen) warnings.push(`${port.name}: port ${before} is in use by others, so it is ${chosen} from now on`)
    ports.set(port.name, chosen)
  }
  return { ports, warnings: [...warnings, ...writePorts(portsPath, new Map([...remembered.ports, ...ports]))] }
}

const othersOf = (ports: ReadonlyMap<string, number>, name: string): readonly number[] => [...ports].flatMap(([other, port]) => (other === name ? [] : [port]))

type Choice = { readonly before: number | undefined; readonly seed: string; readonly taken: ReadonlySet<number> }

const TRIES_MAX = 500

const choosePort = async (port: WantedPort, { before, seed, taken }: Choice): Promise<number> => {
  const { name, min, max } = port
  const first = firstChoice(port, seed)
  const span = max - min + 1
  const candidates = Array.from({ length: Math.min(span, TRIES_MAX) }, (_, step) => min + ((first - min + step) % span))
  const isKept = before !== undefined && before >= min && before <= max
  for (const candidate of isKept ? [before, ...candidates] : candidates) {
    if (!taken.has(candidate) && (await isPortFree(candidate))) return candidate
  }
  throw new NixpackError('ENV_INVALID', `cannot find a free port for ${name}: tried ${candidates.length} from ${first} on`, { hint: `set ${name} to a port` })
}

const firstChoice = ({ name, min, max }: WantedPort, seed: string): number => {
  const digits = hashText(`${seed}/${name}`).slice(0, 8)
  return min + (Number.parseInt(digits, 16) % (max - min + 1))
}

type Remembered = { readonly ports: ReadonlyMap<string, number>; readonly warnings: readonly string[] }

/** A file that is not ours to understand is replaced: ports can be chosen again. */
const readPorts = (path: string): Remembered => {
  const text = readOrEmpty(path)
  if (text === '') return { ports: new Map(), warnings: [] }
  const entries = parseEntries(text)
  if (entries === undefined) return { ports: new Map(), warnings: [`the ports in "${path}" cannot be read and are chosen anew`] }
  return { ports: new Map(entries.flatMap(([name, port]) => (isPort(port) ? [[name, port]] : []))), warnings: [] }
}

const isPort = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535

const readOrEmpty = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not there yet; or unreadable, which writing will tell.
    return ''
  }
}

const parseEntries = (text: string): readonly (readonly [string, unknown])[] | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined
  } catch {
    // Not JSON.
    return undefined
  }
}

/** Whoever reads it sees the old or the new ports. What goes wrong is a warning: the ports are good for this run. */
const writePorts = (path: string, ports: ReadonlyMap<string, number>): readonly string[] => {
  const text = `${JSON.stringify(Object.fromEntries([...ports].sort(([left], [right]) => (left < right ? -1 : 1))), undefined, 2)}\n`
  if (text === readOrEmpty(path)) return []
  const temporaryPath = `${path}.${process.pid}`
  try {
    makeDirectory(dirname(path), 0o700)
    writeFileSync(temporaryPath, text, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(temporaryPath, path)
    return []
  } catch (error) {
    discard(temporaryPath)
    return [`the chosen ports will be forgotten: ${error instanceof Error ? error.message : String(error)}`]
  }
}

const discard = (path: string): void => {
  try {
    rmSync(path, { force: true })
  } catch {
    // What was in the way of making it is in the way of removing it.
  }
}
