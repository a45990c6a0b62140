// Every failure that a user can reach: its code and exit status, declared once. The edge prints them with
// renderError; everything that is not a NixpackError is a bug and keeps its stack.

/** Code -> exit status. Codes are printed with the prefix NIXPACK_ and never change their meaning. */
export const ERRORS = {
  USAGE_INVALID: 2,
  MANIFEST_INVALID: 2,
  CIRCUS_INVALID: 2,
  TOOL_MISSING: 1,
  NIX_FAILED: 1,
  ENTRYPOINT_NOT_FOUND: 1,
  ENTRYPOINT_NOT_EXECUTABLE: 1,
  CLOSURE_FOREIGN_SYSTEM: 1,
  ARCHIVE_FAILED: 1,
  RUNTIME_MISSING: 1,
  OUTPUT_UNWRITABLE: 1,
  PAYLOAD_CORRUPT: 125,
  PAYLOAD_VERSION: 125,
  CACHE_UNWRITABLE: 125,
  CACHE_LOCK_TIMEOUT: 125,
  CACHE_DAMAGED: 125,
  UNPACK_REFUSED: 125,
  STORE_UNAVAILABLE: 125,
  CONFIG_UNWRITABLE: 125,
  ENV_INVALID: 125,
  PROCESS_NOT_EXECUTABLE: 126,
  PROCESS_NOT_FOUND: 127,
  PROCESS_NOT_READY: 125,
  PROCESS_GAVE_UP: 125,
  PORT_IN_USE: 125,
  SOCKET_UNAVAILABLE: 125,
  STATE_LOCKED: 125,
  SPAWNER_LOST: 125,
  CONTROL_UNREACHABLE: 1,
  CONTROL_REFUSED: 1,
  CONTROL_IN_USE: 125,
} as const

export type ErrorCode = keyof typeof ERRORS

/** Exit status of a broken invariant: anything thrown that is not a NixpackError (EX_SOFTWARE of sysexits). */
export const BUG_STATUS = 70

export type NixpackErrorOptions = {
  /** One imperative sentence: what the user can do. */
  readonly hint?: string
  readonly cause?: unknown
}

/** A failure that a user can reach. The message has the form `cannot <verb> <object>: <reason>`. */
export class NixpackError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: NixpackErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'NixpackError'
    this.code = code
    this.hint = options.hint
  }
}

/** The exit status that belongs to whatever was thrown. */
export const exitStatusOf = (error: unknown): number => (error instanceof NixpackError ? ERRORS[error.code] : BUG_STATUS)

/** The printed form: message with code, then hint, then one line per cause; a bug keeps its stack. */
export const renderError = (error: unknown, program: string): string => {
  if (error instanceof NixpackError) {
    const hint = error.hint === undefined ? [] : [`  hint: ${error.hint}`]
    return [`${program}: ${error.message}  [NIXPACK_${error.code}]`, ...hint, ...renderCauses(error.cause)].join('\n')
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `${program}: internal error, please report it\n${detail}`
}

const renderCauses = (cause: unknown): readonly string[] => {
  if (cause === undefined) return []
  if (!(cause instanceof Error)) return [`  caused by: ${typeof cause === 'string' ? cause : JSON.stringify(cause)}`]
  return [`  caused by: ${cause.message}`, ...renderCauses(cause.cause)]
}
