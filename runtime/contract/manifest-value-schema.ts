// Single values of the manifest: names, texts, durations, sizes, signals.

import * as z from 'zod/mini'
import { parseDurationMs, parseSizeBytes } from './quantity.ts'

// Each schema is used once or twice in the life of a process: compiling parsers would only cost time.
z.config({ jitless: true })

export const nameSchema = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/, 'a name of at most 48 letters, digits, dots, dashes and underscores'))
export const textSchema = z.string().check(z.refine((text) => !text.includes('\0'), 'text without NUL bytes'))
export const durationSchema = z.string().check(z.refine((text) => parseDurationMs(text) !== undefined, 'a duration such as 50ms, 10s or 5m'))
export const commandSchema = z.array(textSchema).check(z.minLength(1, 'a command of at least one word'))
export const sizeSchema = z.string().check(z.refine((text) => parseSizeBytes(text) !== undefined, 'a size such as 64KiB or 10MB'))
export const signalSchema = z.string().check(z.regex(/^SIG[A-Z][A-Z0-9]+$/, 'a signal name such as SIGTERM'))
export const countSchema = z.int('a whole number').check(z.nonnegative('0 or more'))
export const positiveSchema = z.int('a whole number').check(z.positive('1 or more'))
/** -1: without end, as circus writes it. */
export const triesSchema = z.int('a whole number').check(z.gte(-1, '-1 or more'))
export const octalSchema = z.string().check(z.regex(/^0?[0-7]{3}$/, 'three octal digits such as 022'))
const EXIT_STATUS = 'an exit status from 0 to 255'
export const exitSchema = z.union([z.int().check(z.gte(0, EXIT_STATUS), z.lte(255, EXIT_STATUS)), signalSchema], `${EXIT_STATUS}, or a signal name`)
/** What is done about a process that runs but should not go on like this. */
export const actionSchema = z.union([z.literal('restart'), z.strictObject({ signal: signalSchema })], '"restart" or { "signal": NAME }')
