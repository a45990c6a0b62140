import { expect, test } from 'vitest'

import { fixedBaseName, nameOf, parseSha256, splitStorePath } from '../../../src/nix/store-path.ts'

/** SHA-256 of nothing, in the three forms that releases of Nix print. */
const EMPTY_HEX = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

test.each([`sha256:${EMPTY_HEX}`, 'sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73', 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='])(
  '%s is the hash of nothing',
  (text) => {
    expect(parseSha256(text).toString('hex')).toBe(EMPTY_HEX)
  },
)

test.each(['', 'sha256:', 'md5:abc', `sha512:${EMPTY_HEX}`])('%j is refused', (text) => {
  expect(() => parseSha256(text)).toThrow(/cannot read hash/)
})

test('the name of a fixed path is the one that nix store add-path gives to a file holding "hello" and a line feed', () => {
  const narHash = Buffer.from('1c37d01af40be2e80691de3cc3df44377a699afbb17c68f080964b2fd071fc13', 'hex')
  expect(fixedBaseName('foo-1', narHash)).toBe('lziw61mcm9kl42yywajml836sqgg5c02-foo-1')
})

test('a store path is split into base name and rest', () => {
  const baseName = '0123456789abcdfghijklmnpqrsvwxyz-a'
  expect(splitStorePath(`/nix/store/${baseName}/bin/x`)).toEqual({ baseName, rest: 'bin/x' })
  expect(splitStorePath('/nix/store/..')).toBeUndefined()
  expect(splitStorePath(`/tmp/${baseName}`)).toBeUndefined()
  expect(nameOf(baseName)).toBe('a')
})
