"""Pages of the section: orders and executions."""
