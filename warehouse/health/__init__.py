"""How an account does: measures, components, score, state, segment, and how they change from day to day."""
