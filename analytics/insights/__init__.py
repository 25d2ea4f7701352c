"""One file, one rule that turns figures into a tested sentence."""
