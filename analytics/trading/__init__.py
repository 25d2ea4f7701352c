"""Measures of orders and executions."""
