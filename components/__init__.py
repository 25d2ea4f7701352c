"""How it is drawn: pure functions from answers to Dash components. Nothing here asks a question."""
