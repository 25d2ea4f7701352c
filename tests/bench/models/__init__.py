"""What the models are worth: on real prices, and on the demo organisations."""
