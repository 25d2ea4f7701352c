"""Pages of the section: insights and models."""
