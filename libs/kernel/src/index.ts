export { dateIn, parseCompactDate, parseDate, parseInstant, requireTimeZone } from './calendar-date.js';
export { csvLine } from './csv.js';
export { isCurrency, minorDigits, requireCurrency } from './currency.js';
export { type Decimal, formatDecimal, parseDecimal, roundHalfUp } from './decimal.js';
export { DomainError, type DomainErrorKind, type FieldViolation } from './domain-error.js';
export { isUuid, newId } from './ids.js';
export { Money, type RemainderTo } from './money.js';
export { DEFAULT_TIME_ROUNDING, hoursOf, roundMinutes, type TimeRounding } from './time-rounding.js';
