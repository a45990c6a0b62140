// For which system a bundle is: decided by the programs in it. What Nix calls the system of a derivation is that of the
// machine which builds it; a cross-compiled program runs on another. Pure.
import { MACHINES } from '../../runtime/contract/bundle-format.ts'
import type { System } from '../../runtime/contract/bundle-format.ts'
import { NixpackError } from '../../runtime/contract/errors.ts'
import type { MachineFile } from './facts.ts'

export type SystemEvidence = {
  /** The main program, when it is an ELF file; its path is absolute. */
  readonly program: MachineFile | undefined
  /** ELF files of the closure with absolute paths, at least one for each machine that occurs. */
  readonly found: readonly MachineFile[]
  /** What the derivation says, if there is one, and the system of this machine. */
  readonly derivationSystem: string | undefined
  readonly hostSystem: string
}

/** Throws CLOSURE_FOREIGN_SYSTEM when there is no launcher for it, or when it cannot be told. */
export const chooseSystem = ({ program, found, derivationSystem, hostSystem }: SystemEvidence): System => {
  if (program !== undefined) return systemOfMachine(program.machine) ?? refuseMachine(program)
  const supported = found.filter(({ machine }) => systemOfMachine(machine) !== undefined)
  const systems = new Set(supported.map(({ machine }) => systemOfMachine(machine)))
  const [first, second] = [...systems].map((system) => supported.find(({ machine }) => systemOfMachine(machine) === system))
  if (first === undefined) return found[0] === undefined ? supportedSystem(derivationSystem ?? hostSystem) : refuseMachine(found[0])
  if (second === undefined) return systemOfMachine(first.machine) ?? refuseMachine(first)
  if (isSystem(derivationSystem) && systems.has(derivationSystem)) return derivationSystem
  throw new NixpackError(
    'CLOSURE_FOREIGN_SYSTEM',
    `cannot tell for which system to bundle: "${first.file}" is for ${systemOfMachine(first.machine)}, "${second.file}" for ${systemOfMachine(second.machine)}`,
    { hint: 'name the main program with --program, or a derivation for the one system' },
  )
}

/** A system by its name. Throws CLOSURE_FOREIGN_SYSTEM when there is no launcher for it. */
export const supportedSystem = (system: string): System => {
  if (isSystem(system)) return system
  throw new NixpackError('CLOSURE_FOREIGN_SYSTEM', `cannot bundle for "${system}": there is no launcher for it`, { hint: HINT })
}

const HINT = `bundle a derivation for ${Object.keys(MACHINES).join(' or ')}`

const isSystem = (name: string | undefined): name is System => name !== undefined && Object.hasOwn(MACHINES, name)

const systemOfMachine = (machine: number): System | undefined =>
  Object.keys(MACHINES)
    .filter(isSystem)
    .find((system) => MACHINES[system] === machine)

const refuseMachine = ({ machine, file }: MachineFile): never => {
  throw new NixpackError('CLOSURE_FOREIGN_SYSTEM', `cannot bundle "${file}": it is for ELF machine ${machine}, and there is no launcher for that`, {
    hint: HINT,
  })
}
