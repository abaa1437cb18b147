/** Injection token of the limits in force. */
export const LIMITS = Symbol('limits');

/** What one client may cost. All limits of the edge stand here; tests shorten them. */
export interface Limits {
  /** Most connections at once; one more is closed at once rather than left waiting. */
  readonly connections: number;
  /** Most bytes of a request's first line and headers. */
  readonly headerBytes: number;
  /** Longest wait for the headers of a request, on a new connection from its beginning: a client that drips them is let go. */
  readonly headersTimeoutMs: number;
  /** Longest wait for a body that is held in memory. */
  readonly bodyTimeoutMs: number;
  /** Longest time for a whole request, and for a file that is streamed either way. */
  readonly requestTimeoutMs: number;
  /** Longest silence of a connection in the middle of a request or an answer, such as of a client that does not read. */
  readonly silenceTimeoutMs: number;
  /** How long an idle connection is kept for another request. */
  readonly keepAliveTimeoutMs: number;
  /** How long the rest of a body that nobody wants may still come after the answer. */
  readonly lingerTimeoutMs: number;
  /** How often headers and whole requests are looked at: they may overdraw their time by as much. */
  readonly checkEveryMs: number;
  /** Longest wait for identity to say whose an API key is. */
  readonly signInTimeoutMs: number;
  /** Longest wait for a service's answer, all attempts together. */
  readonly callTimeoutMs: number;
}

/** The limits that are in force unless a test says otherwise. */
export const defaultLimits: Limits = {
  // An idle one holds some 30 KB: all of them stay below 150 MB.
  connections: 4_000,
  // Node's own; an API key and a trace take less than 1 KB.
  headerBytes: 16_384,
  headersTimeoutMs: 10_000,
  // 10 MB at 3 Mbit/s.
  bodyTimeoutMs: 30_000,
  // A file of 1 GiB at 10 Mbit/s takes 14 minutes.
  requestTimeoutMs: 15 * 60_000,
  silenceTimeoutMs: 60_000,
  // Longer than the 60 s of most load balancers: they, not we, close first, and never send into a closed connection.
  keepAliveTimeoutMs: 65_000,
  lingerTimeoutMs: 10_000,
  checkEveryMs: 2_000,
  signInTimeoutMs: 5_000,
  callTimeoutMs: 10_000,
};
