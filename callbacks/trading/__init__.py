"""Wiring of the section: orders and executions."""
