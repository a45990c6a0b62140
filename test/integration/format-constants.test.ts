// What the build program writes and the launcher reads is declared twice, in TypeScript and in C: the two must agree.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import {
  DIGEST_SIZE,
  FLAG_COMPOSED,
  FOOTER_HASHED_SIZE,
  FOOTER_MAGIC,
  FOOTER_SIZE,
  FORMAT_VERSION,
  FRAME_RECORD_SIZE,
  INDEX_HEADER_SIZE,
  INDEX_MAGIC,
  MACHINES,
  NO_PATH,
  PATH_FLAG_REFERENCES,
  PATH_RECORD_SIZE,
} from '../../runtime/contract/bundle-format.ts'
import { ERRORS } from '../../runtime/contract/errors.ts'

const LAUNCHER_SOURCES = join(import.meta.dirname, '../../runtime/launcher')

const PRINTER = `
#include <stdio.h>
#include "format.h"
#define NUMBER(name) printf("%s %llu\\n", #name, (unsigned long long)(name))
#define MAGIC(name) printf("%s %.*s%s\\n", #name, NP_MAGIC_SIZE, name, sizeof name == NP_MAGIC_SIZE ? "\\\\0" : "")
int main(void) {
  MAGIC(NP_FOOTER_MAGIC); MAGIC(NP_INDEX_MAGIC);
  NUMBER(NP_FORMAT_VERSION); NUMBER(NP_FOOTER_SIZE); NUMBER(NP_FOOTER_HASHED_SIZE); NUMBER(NP_INDEX_HEADER_SIZE);
  NUMBER(NP_PATH_RECORD_SIZE); NUMBER(NP_FRAME_RECORD_SIZE); NUMBER(NP_DIGEST_SIZE); NUMBER(NP_FLAG_COMPOSED); NUMBER(NP_PATH_REFERENCES);
  NUMBER(NP_NO_PATH); NUMBER(NP_MACHINE_X86_64); NUMBER(NP_MACHINE_AARCH64);
  return 0;
}
`

const constantsOfLauncher = (): Record<string, string> => {
  const directory = mkdtempSync(join(tmpdir(), 'nixpack-format-'))
  try {
    const program = join(directory, 'print')
    execFileSync('gcc', ['-x', 'c', `-I${LAUNCHER_SOURCES}`, '-o', program, '-'], { input: PRINTER })
    const lines = execFileSync(program, { encoding: 'utf8' }).trim().split('\n')
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('the launcher has the same format constants', () => {
  expect(constantsOfLauncher()).toEqual({
    NP_FOOTER_MAGIC: FOOTER_MAGIC.replace('\0', '\\0'),
    NP_INDEX_MAGIC: INDEX_MAGIC.replace('\0', '\\0'),
    NP_FORMAT_VERSION: String(FORMAT_VERSION),
    NP_FOOTER_SIZE: String(FOOTER_SIZE),
    NP_FOOTER_HASHED_SIZE: String(FOOTER_HASHED_SIZE),
    NP_INDEX_HEADER_SIZE: String(INDEX_HEADER_SIZE),
    NP_PATH_RECORD_SIZE: String(PATH_RECORD_SIZE),
    NP_FRAME_RECORD_SIZE: String(FRAME_RECORD_SIZE),
    NP_DIGEST_SIZE: String(DIGEST_SIZE),
    NP_FLAG_COMPOSED: String(FLAG_COMPOSED),
    NP_PATH_REFERENCES: String(PATH_FLAG_REFERENCES),
    NP_NO_PATH: String(NO_PATH),
    NP_MACHINE_X86_64: String(MACHINES['x86_64-linux']),
    NP_MACHINE_AARCH64: String(MACHINES['aarch64-linux']),
  })
})

test('the launcher uses declared error codes only, with 125 for all that is neither 126 nor 127', () => {
  const source = readFileSync(join(LAUNCHER_SOURCES, 'error.c'), 'utf8')
  const codes = [...source.matchAll(/\{ "([A-Z_]+)", (\d+) \}/g)].map(([, code = '', status = '']) => [code, Number(status)])
  const declared: Record<string, number> = { ...ERRORS }
  const expected = codes.map(([code = '']) => [code, code === 'BUG' ? 70 : Math.max(declared[code] ?? Number.NaN, 125)])
  expect(codes.length).toBeGreaterThan(8)
  expect(codes).toEqual(expected)
})
