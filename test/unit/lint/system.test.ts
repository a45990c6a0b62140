import { expect, test } from 'vitest'

import { chooseSystem, supportedSystem } from '../../../src/lint/system.ts'

const [X86, ARM, SPARC, I386] = [62, 183, 2, 3]
const file = (machine: number) => ({ machine, file: `/nix/store/x/bin/for-${machine}` })

test.each([
  { what: 'the main program decides', program: X86, found: [ARM, X86], derivation: 'aarch64-linux', system: 'x86_64-linux' },
  { what: 'a script leaves it to the one processor of the closure', found: [ARM], derivation: 'x86_64-linux', system: 'aarch64-linux' },
  { what: 'processors without a launcher do not count beside one with it', found: [I386, SPARC, X86], derivation: undefined, system: 'x86_64-linux' },
  { what: 'of several, that of the derivation', found: [X86, ARM], derivation: 'aarch64-linux', system: 'aarch64-linux' },
  { what: 'without programs, that of the derivation', found: [], derivation: 'aarch64-linux', system: 'aarch64-linux' },
  { what: 'without anything, that of this machine', found: [], derivation: undefined, system: 'x86_64-linux' },
])('$what', ({ program, found, derivation, system }) => {
  const evidence = {
    program: program === undefined ? undefined : file(program),
    found: found.map(file),
    derivationSystem: derivation,
    hostSystem: 'x86_64-linux',
  }
  expect(chooseSystem(evidence)).toBe(system)
})

const foreign = (message: RegExp) => expect.objectContaining({ code: 'CLOSURE_FOREIGN_SYSTEM', message: expect.stringMatching(message) })

test.each([
  { what: 'a main program for another processor', program: SPARC, found: [SPARC, X86], derivation: 'x86_64-linux', names: /for-2": it is for ELF machine 2,/ },
  { what: 'a closure for another processor', found: [I386], derivation: 'x86_64-linux', names: /for-3": it is for ELF machine 3,/ },
  { what: 'several processors and nothing to choose by', found: [X86, ARM], names: /for-62" is for x86_64-linux, .*for-183" for aarch64-linux/ },
  { what: 'several processors and a derivation for a third', found: [ARM, X86], derivation: 'i686-linux', names: /for-183" is for aarch64-linux, / },
  { what: 'a derivation without programs for another system', found: [], derivation: 'sparc-solaris', names: /cannot bundle for "sparc-solaris"/ },
])('$what is refused', ({ program, found, derivation, names }) => {
  const evidence = {
    program: program === undefined ? undefined : file(program),
    found: found.map(file),
    derivationSystem: derivation,
    hostSystem: 'x86_64-linux',
  }
  expect(() => chooseSystem(evidence)).toThrow(foreign(names))
})

test('a name that every object has is no system', () => {
  expect(() => supportedSystem('toString')).toThrow(foreign(/"toString"/))
})
