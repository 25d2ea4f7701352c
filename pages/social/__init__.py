"""Pages of the section: what is said and what it is worth."""
