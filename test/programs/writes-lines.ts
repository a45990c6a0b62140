// Writes LINES numbered lines to each of stdout and stderr, then its last words without a line feed.
import { writeSync } from 'node:fs'

const lines = Number(process.argv[2])
const chunk = 500
for (let first = 0; first < lines; first += chunk) {
  const numbers = Array.from({ length: Math.min(chunk, lines - first) }, (_, index) => first + index)
  for (const fd of [1, 2]) writeSync(fd, numbers.map((number) => `${fd} ${number}\n`).join(''))
}
writeSync(1, 'last words')
