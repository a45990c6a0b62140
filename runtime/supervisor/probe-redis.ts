// Asks a Redis server whether it lives: PING, as a command of one line.

import type { Socket } from 'node:net'
import { answerNo, YES } from './probe-answer.ts'
import type { Answer } from './probe-answer.ts'

/** Also who refuses lives: without the password (-NOAUTH), while it reads its data (-LOADING) or runs a script (-BUSY). */
export const askRedis = (socket: Socket, answer: (answer: Answer) => void): void => {
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (piece: string) => {
    text += piece
    if (/^(?:\+PONG\r|-[A-Z]+ )/.test(text)) answer(YES)
    else if (text.length > REPLY_MAX || text.includes('\n')) answer(answerNo(`it does not answer PING as Redis does: ${JSON.stringify(text.slice(0, SHOWN))}`))
  })
  socket.write('PING\r\n')
}

const REPLY_MAX = 512
const SHOWN = 40
