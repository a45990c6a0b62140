import { expect, test } from 'vitest'
import {
  hasOtherSockets,
  isAnyAddress,
  isLoopbackAddress,
  parseAddress,
  parseListeners,
  parseUnixListeners,
  selectListeners,
} from '../../../runtime/supervisor/proc-net.ts'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const row = (local: string, state: string, inode: number): string =>
  `   0: ${local} 0100007F:18EB ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`

test('the first socket that does not listen ends the part of the table that counts', () => {
  expect(hasOtherSockets(`${HEAD}${row('0100007F:18EB', '0A', 11)}`)).toBe(false)
  expect(hasOtherSockets(`${HEAD}${row('0100007F:18EB', '0A', 11)}${row('0100007F:18EB', '01', 12)}`)).toBe(true)
  expect(hasOtherSockets(row('0100007F:18EB', '06', 12))).toBe(true)
  expect(hasOtherSockets('')).toBe(false)
})

test('only sockets that listen at the port are listeners', () => {
  const table = `${HEAD}${row('0100007F:18EB', '0A', 11)}${row('0100007F:18EB', '01', 12)}${row('0100007F:18EC', '0A', 13)}${row('00000000:1234', '01', 14)}`
  expect(parseListeners(table, 6379)).toEqual([{ address: '7f000001', inode: '11' }])
})

test('a socket of UDP is bound to its port, or has a peer', () => {
  const table = `${HEAD}${row('0100007F:0035', '07', 11)}${row('0100007F:0035', '01', 12)}`
  expect(parseListeners(table, 53, 'udp')).toEqual([{ address: '7f000001', inode: '11' }])
  expect(parseListeners(table, 53)).toEqual([])
})

test('addresses of version 6 are in words of the processor', () => {
  const table = `${HEAD}${row('000080FE00000000FF57A6705DC771FE:0050', '0A', 21)}${row('00000000000000000000000001000000:0050', '0A', 22)}`
  expect(parseListeners(table, 80).map(({ address }) => address)).toEqual(['fe8000000000000070a657fffe71c75d', `${'0'.repeat(31)}1`])
})

test('version 4 within version 6 is version 4', () => {
  expect(parseListeners(row('0000000000000000FFFF00000100007F:0050', '0A', 31), 80)).toEqual([{ address: '7f000001', inode: '31' }])
  expect(parseAddress('::ffff:127.0.0.1')).toBe('7f000001')
})

test.each(['', '\n\n', 'garbage', `${HEAD}   0: 0100007F:18EB`, '   0: :18EB x 0A'])('%j has no listeners', (table) => {
  expect(parseListeners(table, 6379)).toEqual([])
})

test.each([
  ['127.0.0.1', '7f000001'],
  ['255.1.2.3', 'ff010203'],
  ['::1', `${'0'.repeat(31)}1`],
  ['[::1]', `${'0'.repeat(31)}1`],
  ['::', '0'.repeat(32)],
  ['fe80::1%eth0', `fe80${'0'.repeat(27)}1`],
  ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
  ['2001:DB8::', `20010db8${'0'.repeat(24)}`],
  ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
  ['localhost', undefined],
  ['', undefined],
  ['1.2.3', undefined],
  ['1.2.3.4.5', undefined],
])('the address %s is %s', (text, bytes) => {
  expect(parseAddress(text)).toBe(bytes)
})

const listener = (text: string, inode: string): { address: string; inode: string } => ({ address: parseAddress(text) ?? '', inode })

test('the most specific listeners get the connection', () => {
  const all = [listener('0.0.0.0', '1'), listener('127.0.0.1', '2'), listener('::', '3'), listener('127.0.0.1', '4')]
  expect(selectListeners(all, '7f000001').map(({ inode }) => inode)).toEqual(['2', '4'])
  expect(selectListeners(all, '0a000001').map(({ inode }) => inode)).toEqual(['1'])
  expect(selectListeners(all, `${'0'.repeat(31)}1`).map(({ inode }) => inode)).toEqual(['3'])
  expect(selectListeners([listener('::', '3')], '7f000001').map(({ inode }) => inode)).toEqual(['3'])
  expect(selectListeners([listener('127.0.0.2', '5')], '7f000001')).toEqual([])
})

test('loopback is all of 127, and ::1', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '128.0.0.1', '::2'].map((text) => isLoopbackAddress(parseAddress(text) ?? ''))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
  expect(['0.0.0.0', '::', '127.0.0.1'].map((text) => isAnyAddress(parseAddress(text) ?? ''))).toEqual([true, true, false])
})

test('Unix sockets that listen are found by their whole path', () => {
  const table = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000000: 00000002 00000000 00010000 0001 01 101 /run/a.sock',
    '0000000000000000: 00000003 00000000 00000000 0001 03 102 /run/a.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 103 /run/a.sock.old',
    '0000000000000000: 00000002 00000000 00010000 0001 01   104 /run/with space and 1: 2 3',
    '0000000000000000: 00000002 00000000 00010000 0001 01 105 @abstract',
    '0000000000000000: 00000002 00000000 00000000 0002 01 107 /run/log',
    '0000000000000000: 00000002 00000000 00010000 0001 01 106',
  ].join('\n')
  expect(parseUnixListeners(table, '/run/a.sock')).toEqual(['101'])
  expect(parseUnixListeners(table, '/run/with space and 1: 2 3')).toEqual(['104'])
  expect(parseUnixListeners(table, '@abstract')).toEqual(['105'])
  expect(parseUnixListeners(table, '/run/log')).toEqual(['107'])
  expect(parseUnixListeners(table, '')).toEqual([])
})
