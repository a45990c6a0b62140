// Secrets out of texts that are shown: every value of a secret variable, in every form in which it may have been written.

import { FILTER_FUNCTIONS } from '../config/quote.ts'
import { isSecret } from '../config/variables.ts'
import type { Variable } from '../config/variables.ts'
import type { Mask } from '../contract/control-supervisor.ts'

const MASKED = '********'

export const createMask = (variables: Iterable<Variable>): Mask => {
  const secrets = [...variables].filter(({ declaration, text }) => isSecret(declaration) && text !== '').map(({ text }) => text)
  const forms = [...new Set(secrets.flatMap(renderForms))].sort((left, right) => right.length - left.length)
  // A short one would be found everywhere: it is only masked where it is the whole text.
  const searched = forms.filter((form) => form.length >= SEARCHED_MIN)
  return (text, name = '') =>
    secrets.includes(text) || (isSecretName(name) && text !== '') ? MASKED : searched.reduce((masked, form) => masked.replaceAll(form, MASKED), text)
}

const SEARCHED_MIN = 4

const renderForms = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  ...Object.values(FILTER_FUNCTIONS).map((render) => render(secret).replace(/^(["'])(.*)\1$/s, '$2')),
]

/** Of variables that nobody has declared secret, but whose names say so. */
const isSecretName = (name: string): boolean => /SECRET|TOKEN|PASSW(?:OR)?D|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE_?KEY/i.test(name)
