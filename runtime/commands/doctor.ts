// The launcher answers `doctor` before anything of the runtime starts: here the host is no longer what it was.

import { NixpackError } from '../contract/errors.ts'

export const doctor = (): never => {
  throw new NixpackError('USAGE_INVALID', 'cannot examine the host: the command "doctor" was not the first argument', {
    hint: 'put nothing before "doctor" and nothing but --json behind it',
  })
}
