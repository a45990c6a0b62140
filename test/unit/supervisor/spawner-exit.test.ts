import { expect, test } from 'vitest'
import { renderExit } from '../../../runtime/supervisor/child-exit.ts'
import { parseExit, parseFailure, parseUsage } from '../../../runtime/supervisor/spawner-exit.ts'

const message = (verb: string, ...fields: readonly string[]) => ({ verb, id: '1', fields })

test.each([
  [['code=0', 'core=0'], { kind: 'code', code: 0 }],
  [['code=255'], { kind: 'code', code: 255 }],
  [['signal=9'], { kind: 'signal', signal: 'SIGKILL' }],
  [['signal=9', 'early=1'], { kind: 'signal', signal: 'SIGKILL', isEarly: true }],
  [['signal=6', 'core=1'], { kind: 'signal', signal: 'SIGABRT' }],
  [['signal=29'], { kind: 'signal', signal: 'SIGIO' }],
  // Real-time signals have no name in Node.
  [['signal=40'], { kind: 'code', code: 168 }],
])('%j is an end', (fields, exit) => {
  expect(parseExit(message('exited', ...fields))).toEqual(exit)
})

test('an end before the program ran is told as such', () => {
  expect(renderExit({ kind: 'signal', signal: 'SIGKILL', isEarly: true })).toBe('was killed by SIGKILL before its program ran')
})

test('the usage is in microseconds and bytes', () => {
  expect(parseUsage(message('exited', 'code=0', 'utime-us=1500', 'stime-us=20', 'maxrss-kb=3'))).toEqual({ userUs: 1500, systemUs: 20, maxRssBytes: 3072 })
})

test.each([
  [127, 'cannot run "/bin/a": gone', ['errno=2', 'stage=exec', 'text=gone']],
  [126, 'cannot run "/bin/a": denied', ['errno=13', 'stage=exec', 'text=denied']],
  [126, 'cannot run "/bin/a": format', ['errno=8', 'stage=exec', 'text=format']],
  [
    126,
    'cannot run "/bin/a": the interpreter "/bin/no" that its first line names is missing (install it on this host, or name one that is in the bundle)',
    ['errno=2', 'stage=interpreter', 'what=/bin/no', 'text=gone'],
  ],
  [
    126,
    'cannot run "/bin/a": the interpreter "/bin/sh\\r" ends with a carriage return (give the file the line ends of Unix)',
    ['errno=2', 'stage=interpreter', 'what=/bin/sh\r', 'text=gone'],
  ],
  [
    126,
    'cannot run "/bin/a": its dynamic linker is missing (it was built for another system than this host: bundle a program that was built with Nix)',
    ['errno=2', 'stage=loader', 'text=gone'],
  ],
  [
    126,
    'cannot run "/bin/a": its interpreter or dynamic linker is missing (which one cannot be seen: let its user read the file, then look at its beginning)',
    ['errno=2', 'stage=interpreter', 'text=gone'],
  ],
  [125, 'cannot run "/bin/a": too long', ['errno=7', 'stage=exec', 'text=too long']],
  [125, 'cannot enter the working directory "/srv/a" of "/bin/a": gone', ['errno=2', 'stage=cwd', 'text=gone']],
  [125, 'cannot hand the socket "web" to "/bin/a": gone', ['errno=2', 'stage=socket', 'what=web', 'text=gone']],
  [
    125,
    'cannot set the resource limit "nofile" of "/bin/a": refused (only root may raise a limit beyond the hard limit it was started with)',
    ['errno=1', 'stage=rlimit', 'what=nofile', 'text=refused'],
  ],
  [125, 'cannot set the user of "/bin/a": refused (only root may do that)', ['errno=1', 'stage=uid', 'text=refused']],
  [125, 'cannot make a session for "/bin/a": refused', ['errno=1', 'stage=setsid', 'text=refused']],
  [125, 'cannot place the descriptors of "/bin/a": invalid', ['errno=22', 'stage=fds', 'text=invalid']],
  [
    125,
    'cannot start a process for "/bin/a": no more (the limit of processes is reached: "ulimit -u" of the user, or pids.max of the control group)',
    ['errno=11', 'stage=fork', 'text=no more'],
  ],
  [
    125,
    'cannot make the pipes of "/bin/a": no more (the limit of open files is reached: raise "ulimit -Hn" of the bundle)',
    ['errno=24', 'stage=fifo', 'text=no more'],
  ],
  [125, 'cannot stagger "/bin/a": refused', ['errno=1', 'stage=stagger', 'text=refused']],
] as const)('a program that was never run is status %i: %s', (status, text, fields) => {
  expect(parseFailure(message('failed', ...fields), { program: '/bin/a', workingDir: '/srv/a' })).toEqual({ kind: 'spawnFailed', status, message: text })
})
