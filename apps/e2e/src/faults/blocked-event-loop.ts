/**
 * A preload module (`--import`): at SIGUSR2 this process computes for PARADESK_BLOCK_MS without a break, as a handler with a runaway loop
 * would. It answers nothing meanwhile and gives no sign of life.
 */
const blockMs = Number(process.env.PARADESK_BLOCK_MS ?? 0);

process.on('SIGUSR2', () => {
  for (const end = performance.now() + blockMs; performance.now() < end;);
});

export {};
