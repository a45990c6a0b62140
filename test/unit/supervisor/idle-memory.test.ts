import { expect, test } from 'vitest'

import { parseCleanRanges } from '../../../runtime/supervisor/idle-memory.ts'

const NODE = `00400000-0082e000 r--p 00000000 fe:00 1234                           /store/bin/supervisor
0082e000-03489000 r-xp 0042e000 fe:00 1234                           /store/bin/supervisor
03489000-072a7000 r--p 03089000 fe:00 1234                           /store/bin/supervisor
072a7000-072dc000 r--p 06ea7000 fe:00 1234                           /store/bin/supervisor
072dc000-07308000 rw-p 06edc000 fe:00 1234                           /store/bin/supervisor
07308000-0735b000 rw-p 00000000 00:00 0
0ef60000-0efa0000 r--p 06f60000 fe:00 1234                           /store/bin/supervisor
`

const ranges = (maps: string): readonly (readonly [string, number])[] =>
  parseCleanRanges(maps).map(({ address, lengthBytes }) => [address.toString(16), Number(lengthBytes)])

test('machine code, what is in front of it and the constants behind it are clean, relocated pointers and data are not', () => {
  expect(ranges(NODE)).toEqual([
    ['400000', 0x42e000],
    ['82e000', 0x2c5b000],
    ['3489000', 0x3e1e000],
  ])
})

test('pointers directly behind the machine code are left alone', () => {
  const maps = `7f0000000000-7f0000001000 r--p 00000000 fe:00 99 /store/lib/liba.so
7f0000001000-7f0000002000 r-xp 00001000 fe:00 99 /store/lib/liba.so
7f0000002000-7f0000003000 r--p 00002000 fe:00 99 /store/lib/liba.so
7f0000003000-7f0000004000 r--p 00000000 fe:00 98 /store/lib/libb.so
`
  expect(ranges(maps)).toEqual([
    ['7f0000000000', 0x1000],
    ['7f0000001000', 0x1000],
  ])
})

test('memory without a file, the stack and code made at run time are left alone', () => {
  const maps = `7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
7ffd00030000-7ffd00032000 r-xp 00000000 00:00 0                          [vdso]
7f1000000000-7f1000040000 rwxp 00000000 00:00 0
`
  expect(ranges(maps)).toEqual([])
})
