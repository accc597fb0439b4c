"""The tickets of the demo, by what the rulebook promises them. Sums are worked out beside each amount, in fen."""
