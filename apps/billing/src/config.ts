import { z } from 'zod';

/** Billing needs nothing of its environment beside what every service needs. */
export const billingConfig = z.object({});
