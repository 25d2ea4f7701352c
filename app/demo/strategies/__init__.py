"""How the accounts trade."""
