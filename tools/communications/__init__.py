"""What the classifier of messages is trained on, and what it is measured on."""
