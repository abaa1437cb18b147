import { DomainError } from './domain-error.js';

const KNOWN = new Set(Intl.supportedValuesOf('currency'));

// ISO 4217 list one, every currency whose minor unit is not 2. Intl's own digits are for display: they give 0 for HUF, COP
// or IQD, where banks and e-billing keep 2, 2 and 3. A few fund codes here wait for Intl to know them.
const MINOR_DIGITS = new Map<string, number>([
  ...each('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', 0),
  ...each('BHD IQD JOD KWD LYD OMR TND', 3),
  ...each('CLF UYW', 4),
]);

/**
 * The decimals of a currency's minor unit by ISO 4217: 2 for USD, 0 for JPY and CLP, 3 for KWD.
 *
 * @throws DomainError invalid UNKNOWN_CURRENCY.
 */
export function minorDigits(currency: string): number {
  return MINOR_DIGITS.get(requireCurrency(currency, 'currency')) ?? 2;
}

/** Whether it is an ISO 4217 currency in upper case that `Intl.supportedValuesOf('currency')` lists. */
export function isCurrency(code: string): boolean {
  return KNOWN.has(code);
}

/**
 * Gives the code back when it is an ISO 4217 currency in upper case that `Intl.supportedValuesOf('currency')` lists.
 *
 * @throws DomainError invalid UNKNOWN_CURRENCY, naming `field`.
 */
export function requireCurrency(currency: string, field: string): string {
  if (isCurrency(currency)) return currency;
  throw DomainError.invalid(field, 'UNKNOWN_CURRENCY', 'A currency is an ISO 4217 code in upper case, such as USD');
}

function each(codes: string, digits: number): [string, number][] {
  return codes.split(' ').map((code) => [code, digits]);
}
