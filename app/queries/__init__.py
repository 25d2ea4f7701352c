"""Reads: every question a page or a route may ask, answered for one desk."""
