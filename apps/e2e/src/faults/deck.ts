import type { Random } from './fault.js';

/** Gives each of its cards once, in an order drawn by seed, before it gives any again: few injections already cover all kinds. */
export class Deck<T> {
  private left: T[] = [];

  constructor(private readonly cards: readonly T[]) {}

  draw(random: Random): T {
    if (this.left.length === 0) this.left = [...this.cards];
    const [card] = this.left.splice(random.integer(this.left.length), 1);
    if (card === undefined) throw new Error('the deck has no cards');
    return card;
  }
}
