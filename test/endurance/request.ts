// A client of test/programs/serves.c.
import { connect } from 'node:net'

/** The process id of who answered; rejects when nobody does, or not in full. */
export const ask = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')))
    socket.on('data', (text) => (answer += text.toString()))
    socket.on('error', reject)
    socket.on('close', () => (answer.startsWith('HTTP/1.0 200 OK') ? resolve(answer.trim().split('\n').at(-1) ?? '') : reject(new Error(`answer "${answer}"`))))
    socket.end('GET / HTTP/1.0\r\n\r\n')
  })
