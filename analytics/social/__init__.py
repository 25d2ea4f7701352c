"""What is said about instruments: tone, attention, who is meant."""
