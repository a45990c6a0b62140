// Escape sequences of terminals, removed from whole lines. A line never ends within one (line-cut.ts), and whatever
// is left open at its end is text.

import type { LogSpec } from '../contract/process-spec.ts'

/** Whether this policy removes them for that reader. */
export const removesAnsi = (policy: LogSpec['ansi'], isTerminal: boolean): boolean => policy === 'strip' || (policy === 'auto' && !isTerminal)

/** The same buffer when there is nothing to remove: one search. */
export const stripAnsi = (bytes: Buffer): Buffer => (bytes.includes(ESCAPE) ? Buffer.from(bytes.toString('latin1').replaceAll(SEQUENCE, ''), 'latin1') : bytes)

const ESCAPE = 0x1b

// ECMA-48: CSI with parameters; OSC, DCS, SOS, PM and APC up to BEL or ST; else intermediate bytes and a final one.
const SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b\n]*(?:\u0007|\u001b\\)|[ -/]*[0-OQ-WYZ\\`-~])/g
